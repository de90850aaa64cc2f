using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Chat.Events;

/// <summary><c>message_send</c>, and what is done to a message afterwards: <c>message_edit</c>, <c>message_delete</c> and <c>reaction</c>.</summary>
internal sealed class MessageEvents(ChatService chat, IChatStore store, TimeProvider timeProvider) : IEventFamily
{
    /// <inheritdoc />
    public IEnumerable<KeyValuePair<string, Func<ChatRequest, ValueTask>>> Handlers =>
    [
        new("message_send", SendAsync),
        new("message_edit", EditAsync),
        new("message_delete", DeleteAsync),
        new("reaction", ReactAsync),
    ];

    private async ValueTask SendAsync(ChatRequest request)
    {
        var draft = new MessageDraft
        {
            SenderId = request.UserId,
            ThreadId = request.Payload.Id("threadId"),
            TempId = request.Payload.OptionalText("tempId"),
            Content = request.Payload.Text("content"),
            ContentType = request.Payload.OptionalText("contentType"),
            AttachmentIds = request.Payload.OptionalIds("attachments", StoreLimits.AttachmentsPerMessage) ?? [],
            // Before anything that may wait for the store.
            TakenAt = timeProvider.GetTimestamp(),
        };
        await request.RequireMemberAsync(store, draft.ThreadId);
        var stored = await chat.SendAsync(draft, request.Socket, CancellationToken.None);
        if (request.Ack.IsRequested)
            request.Ack.Send(new Wire.Sent(Wire.Message.From(stored.Message), draft.TempId));
    }

    private async ValueTask EditAsync(ChatRequest request)
    {
        var (threadId, messageId) = MessageOf(request);
        var content = request.Payload.Text("content");
        await request.RequireMemberAsync(store, threadId);
        Answer(request, await chat.EditAsync(request.UserId, threadId, messageId, content, CancellationToken.None));
    }

    private async ValueTask DeleteAsync(ChatRequest request)
    {
        var (threadId, messageId) = MessageOf(request);
        await request.RequireMemberAsync(store, threadId);
        Answer(request, await chat.DeleteAsync(request.UserId, threadId, messageId, CancellationToken.None));
    }

    private async ValueTask ReactAsync(ChatRequest request)
    {
        var (threadId, messageId) = MessageOf(request);
        var emoji = request.Payload.Text("emoji");
        var remove = request.Payload.OptionalBoolean("remove") ?? false;
        await request.RequireMemberAsync(store, threadId);
        Answer(request, await chat.ReactAsync(request.UserId, threadId, messageId, emoji, remove, CancellationToken.None));
    }

    private static (long ThreadId, long MessageId) MessageOf(ChatRequest request) => (request.Payload.Id("threadId"), request.Payload.Id("messageId"));

    private static void Answer(ChatRequest request, ChatMessage changed)
    {
        if (request.Ack.IsRequested)
            request.Ack.Send(new Wire.Changed(Wire.Message.From(changed)));
    }
}
