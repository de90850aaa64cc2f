using Chatpulse.Server.Identity;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Typing;
using SocketIO.Server;

namespace Chatpulse.Server.Chat;

/// <summary>
/// Takes rights from connections that live: whoever is no longer in a thread is out of its room at once, whoever has signed out is disconnected.
/// </summary>
/// <remarks>
/// Threading: anyone calls; nothing waits. What was checked before and takes effect afterwards is not let through: a join notes <see cref="Mark"/> before it
/// asks the store and looks at <see cref="RemovedSince"/> inside the connection's lock, which the removal takes after it has been noted here. The lock guards the
/// removals, of which the last <see cref="Remembered"/> are kept; a join that outlasts so many is refused.
/// </remarks>
internal sealed partial class LiveAccess(
    SocketIOServer server, IChatStore store, TypingTracker typing, SignOuts signOuts, ILogger<LiveAccess> logger)
{
    private const int Remembered = 16_384;

    private readonly Lock _lock = new();
    private readonly Dictionary<(long ThreadId, long UserId), long> _removals = [];
    private readonly Queue<((long ThreadId, long UserId) Key, long Number)> _order = new();
    private long _count;
    private long _forgotten;

    /// <summary>This moment, for <see cref="RemovedSince"/>.</summary>
    public long Mark
    {
        get
        {
            lock (_lock)
                return _count;
        }
    }

    /// <summary>Whether the user was taken out of the thread after the mark, or may have been.</summary>
    public bool RemovedSince(long mark, long threadId, long userId)
    {
        lock (_lock)
            return mark < _forgotten || (_removals.TryGetValue((threadId, userId), out var number) && number > mark);
    }

    /// <summary>
    /// The user is no longer in the thread, and the store knows it: their connections leave its room and get <c>thread_left</c>, their typing ends, and the
    /// others are told <c>presence</c>. Nothing of the thread is sent to them after that.
    /// </summary>
    public void RemoveFromThread(long threadId, long userId)
    {
        lock (_lock)
        {
            _removals[(threadId, userId)] = ++_count;
            _order.Enqueue(((threadId, userId), _count));
            if (_order.Count > Remembered)
            {
                var (key, number) = _order.Dequeue();
                _forgotten = number;
                if (_removals[key] == number)
                    _removals.Remove(key);
            }
        }

        // Before they leave: the others in the thread hear that the typing has ended.
        typing.Stop(threadId, userId);
        foreach (var socket in SocketsOf(userId))
        {
            if (socket.Data is ChatConnection connection)
                connection.Leave(threadId, () => socket.Emit("thread_left", new Wire.Thread(threadId)));
            else
                socket.Leave(ChatRooms.Thread(threadId));
        }

        // What one of them began until it had left.
        typing.Stop(threadId, userId);
    }

    /// <summary>
    /// The user has signed out: the connections of that login session (null: all of the user) get an <c>error</c> for <c>auth_refresh</c> and end, and a
    /// proof from before is refused from now on.
    /// </summary>
    /// <param name="userId">Who.</param>
    /// <param name="sessionId">The session, as <see cref="LoginCookies.SessionIdOf"/> names it; null for all.</param>
    /// <param name="at">When, by the clock of who issues the tokens.</param>
    public void SignOut(long userId, string? sessionId, DateTimeOffset at)
    {
        signOuts.Add(userId, sessionId, at);
        store.SignedOut(userId);
        var ended = 0;
        foreach (var socket in SocketsOf(userId))
        {
            // One that is only just connecting looks at the sign-outs itself.
            if (socket.Data is ChatConnection connection && signOuts.Refuses(connection.Identity))
            {
                connection.EndSignedOut();
                ended++;
            }
        }

        LogSignedOut(userId, ended);
    }

    private IEnumerable<Socket> SocketsOf(long userId)
    {
        foreach (var id in server.Default.Adapter.Sockets(ChatRooms.User(userId)))
        {
            if (server.Default.TryGetSocket(id, out var socket))
                yield return socket;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "User {UserId} has signed out; {Connections} connections end")]
    private partial void LogSignedOut(long userId, int connections);
}
