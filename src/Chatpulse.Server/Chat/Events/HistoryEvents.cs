using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Chat.Events;

/// <summary>
/// Requests that are answered by their ack: <c>history</c>, which needs access to the thread but not to have joined it, and <c>threads</c>.
/// </summary>
internal sealed class HistoryEvents(IChatStore store) : IEventFamily
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 100;
    private const int DefaultPerPage = 20;
    private const int MaxPage = 1_000_000;

    /// <inheritdoc />
    public IEnumerable<KeyValuePair<string, Func<ChatRequest, ValueTask>>> Handlers => [new("history", ReadAsync), new("threads", ListAsync)];

    private async ValueTask ReadAsync(ChatRequest request)
    {
        var threadId = request.Payload.Id("threadId");
        var before = request.Payload.OptionalId("before");
        var limit = request.Payload.OptionalInteger("limit", 1, MaxLimit) ?? DefaultLimit;
        RequireAck(request, "history");
        await store.CheckAccessAsync(request.UserId, threadId, CancellationToken.None);
        var page = await store.HistoryAsync(request.UserId, threadId, before, afterId: null, limit, CancellationToken.None);
        request.Ack.Send(new Wire.History(threadId, [.. page.Messages.Select(Wire.Message.From)], page.HasMore));
    }

    private async ValueTask ListAsync(ChatRequest request)
    {
        var page = request.Payload.OptionalInteger("page", 1, MaxPage) ?? 1;
        var perPage = request.Payload.OptionalInteger("perPage", 1, MaxLimit) ?? DefaultPerPage;
        var search = request.Payload.OptionalText("search");
        RequireAck(request, "threads");
        var found = await store.ThreadsAsync(request.UserId, page, perPage, search, CancellationToken.None);
        request.Ack.Send(new Wire.Threads([.. found.Threads.Select(Wire.ThreadSummary.From)], found.Total));
    }

    private static void RequireAck(ChatRequest request, string name)
    {
        if (!request.Ack.IsRequested)
            throw new ChatException(ChatErrorCodes.Invalid, $"{name} is answered by its acknowledgement: give a callback.");
    }
}
