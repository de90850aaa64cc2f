using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Chat.Events;

/// <summary><c>history</c>: a request that is answered by its ack. It needs access to the thread, but not to have joined it.</summary>
internal sealed class HistoryEvents(IChatStore store) : IEventFamily
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 100;

    /// <inheritdoc />
    public IEnumerable<KeyValuePair<string, Func<ChatRequest, ValueTask>>> Handlers => [new("history", ReadAsync)];

    private async ValueTask ReadAsync(ChatRequest request)
    {
        var threadId = request.Payload.Id("threadId");
        var before = request.Payload.OptionalId("before");
        var limit = request.Payload.OptionalInteger("limit", 1, MaxLimit) ?? DefaultLimit;
        if (!request.Ack.IsRequested)
            throw new ChatException(ChatErrorCodes.Invalid, "history is answered by its acknowledgement: give a callback.");
        await store.CheckAccessAsync(request.UserId, threadId, CancellationToken.None);
        var page = await store.HistoryAsync(request.UserId, threadId, before, afterId: null, limit, CancellationToken.None);
        request.Ack.Send(new Wire.History(threadId, [.. page.Messages.Select(Wire.Message.From)], page.HasMore));
    }
}
