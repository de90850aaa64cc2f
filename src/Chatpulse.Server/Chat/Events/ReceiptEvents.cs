using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Chat.Events;

/// <summary><c>message_read</c>.</summary>
internal sealed class ReceiptEvents(ChatService chat, IChatStore store) : IEventFamily
{
    /// <inheritdoc />
    public IEnumerable<KeyValuePair<string, Func<ChatRequest, ValueTask>>> Handlers => [new("message_read", ReadAsync)];

    private async ValueTask ReadAsync(ChatRequest request)
    {
        var threadId = request.Payload.Id("threadId");
        var messageIds = request.Payload.Ids("messageIds", 1, StoreLimits.IdsPerCall);
        await request.RequireMemberAsync(store, threadId);
        var receipts = await chat.MarkReadAsync(request.UserId, threadId, messageIds, request.Socket, CancellationToken.None);
        if (request.Ack.IsRequested)
            request.Ack.Send(new Wire.Read(threadId, [.. receipts.Select(receipt => receipt.MessageId)]));
    }
}
