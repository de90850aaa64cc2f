using Chatpulse.Server.Typing;

namespace Chatpulse.Server.Chat.Events;

/// <summary><c>typing</c>.</summary>
internal sealed class TypingEvents(TypingTracker typing) : IEventFamily
{
    /// <inheritdoc />
    public IEnumerable<KeyValuePair<string, Func<ChatRequest, ValueTask>>> Handlers => [new("typing", SetAsync)];

    private ValueTask SetAsync(ChatRequest request)
    {
        var threadId = request.Payload.Id("threadId");
        var isTyping = request.Payload.Boolean("isTyping");
        request.Connection.WhileIn(threadId, () =>
        {
            if (isTyping)
                typing.Start(threadId, request.UserId, request.Socket.Id);
            else
                typing.Stop(threadId, request.UserId);
        });
        request.Ack.Send(new Wire.InThread(threadId));
        return ValueTask.CompletedTask;
    }
}
