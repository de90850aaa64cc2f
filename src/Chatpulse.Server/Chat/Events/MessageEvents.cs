using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Chat.Events;

/// <summary><c>message_send</c>.</summary>
internal sealed class MessageEvents(ChatService chat, IChatStore store) : IEventFamily
{
    /// <inheritdoc />
    public IEnumerable<KeyValuePair<string, Func<ChatRequest, ValueTask>>> Handlers => [new("message_send", SendAsync)];

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
        };
        await request.RequireMemberAsync(store, draft.ThreadId);
        var stored = await chat.SendAsync(draft, request.Socket, CancellationToken.None);
        if (request.Ack.IsRequested)
            request.Ack.Send(new Wire.Sent(Wire.Message.From(stored.Message), draft.TempId));
    }
}
