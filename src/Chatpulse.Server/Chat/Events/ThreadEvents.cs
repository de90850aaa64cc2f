using Chatpulse.Server.Presence;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Typing;

namespace Chatpulse.Server.Chat.Events;

/// <summary><c>join_thread</c> and <c>leave_thread</c>.</summary>
internal sealed class ThreadEvents(IChatStore store, ChatService chat, LiveAccess access, ThreadPresence presence, TypingTracker typing) : IEventFamily
{
    private const int MaxOnlineListed = 500;

    /// <inheritdoc />
    public IEnumerable<KeyValuePair<string, Func<ChatRequest, ValueTask>>> Handlers =>
    [
        new("join_thread", JoinAsync),
        new("leave_thread", LeaveAsync),
    ];

    private async ValueTask JoinAsync(ChatRequest request)
    {
        var threadId = request.Payload.Id("threadId");
        var lastMessageId = request.Payload.OptionalId("lastMessageId");
        request.Connection.RequireRoomFor(threadId);
        var mark = access.Mark;
        await store.CheckAccessAsync(request.UserId, threadId, CancellationToken.None);

        var missed = 0;
        if (lastMessageId is { } last)
            missed = await CatchUpAsync(request, threadId, last, Removed);
        else
            Join(request, threadId, Removed);

        if (request.Ack.IsRequested)
            request.Ack.Send(new Wire.Joined(threadId, missed, presence.Users(threadId, MaxOnlineListed)));

        bool Removed() => access.RemovedSince(mark, threadId, request.UserId);
    }

    private async ValueTask<int> CatchUpAsync(ChatRequest request, long threadId, long lastMessageId, Func<bool> removed)
    {
        if (request.Connection.TakeRecovered(threadId))
        {
            var untold = await chat.CatchUpRecoveredAsync(request.UserId, threadId, lastMessageId, request.Socket, removed);
            Join(request, threadId, removed);
            return untold;
        }

        // Who is in already hears nothing new until what was missed is sent, or the order would be broken.
        var room = ChatRooms.Thread(threadId);
        var wasIn = request.Connection.IsIn(threadId);
        if (wasIn)
            request.Socket.Leave(room);
        try
        {
            return await chat.CatchUpAsync(request.UserId, threadId, lastMessageId, request.Socket, removed, () => Join(request, threadId, removed));
        }
        catch when (wasIn)
        {
            request.Connection.ReturnTo(threadId);
            throw;
        }
    }

    private static void Join(ChatRequest request, long threadId, Func<bool> removed)
    {
        request.Connection.Join(threadId, removed);
        request.Socket.Emit("thread_joined", new Wire.Thread(threadId));
    }

    private ValueTask LeaveAsync(ChatRequest request)
    {
        var threadId = request.Payload.Id("threadId");
        request.Connection.RequireIn(threadId);
        typing.Stop(threadId, request.UserId);
        request.Connection.Leave(threadId, () => request.Socket.Emit("thread_left", new Wire.Thread(threadId)));
        request.Ack.Send(new Wire.InThread(threadId));
        return ValueTask.CompletedTask;
    }
}
