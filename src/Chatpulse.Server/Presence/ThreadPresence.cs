using System.Collections.Concurrent;
using Chatpulse.Server.Chat;
using SocketIO.Server;

namespace Chatpulse.Server.Presence;

/// <summary>
/// Who is in which thread, by connections, and the <c>presence</c> events that follow: one for a user's first connection in a thread and one for the last.
/// Holds an entry only while a user has a connection there.
/// </summary>
/// <remarks>
/// Threading: anyone calls. A lock a thread (striped) covers the count and the telling, so that two connections of a user that come and go together
/// cannot be told in the wrong order; telling enqueues and never waits.
/// </remarks>
internal sealed class ThreadPresence(SocketIOServer server)
{
    private readonly StripedLocks _locks = new();
    private readonly ConcurrentDictionary<long, Dictionary<long, int>> _threads = new();

    /// <summary>Threads that somebody is in.</summary>
    public int ThreadCount => _threads.Count;

    /// <summary>Counts a connection in and tells the others in the room if it is the user's first there.</summary>
    public void Enter(long threadId, long userId, string socketId)
    {
        lock (_locks.For(threadId))
        {
            var users = _threads.GetOrAdd(threadId, static _ => []);
            users[userId] = users.GetValueOrDefault(userId) + 1;
            if (users[userId] == 1)
                server.To(ChatRooms.Thread(threadId)).Except(socketId).Emit("presence", new Wire.Presence(threadId, userId, "online"));
        }
    }

    /// <summary>Counts a connection out and tells the others in the room if it was the user's last there.</summary>
    public void Leave(long threadId, long userId, string socketId)
    {
        lock (_locks.For(threadId))
        {
            if (!_threads.TryGetValue(threadId, out var users) || !users.TryGetValue(userId, out var connections))
                return;
            if (connections > 1)
            {
                users[userId] = connections - 1;
                return;
            }

            users.Remove(userId);
            if (users.Count == 0)
                _threads.TryRemove(threadId, out _);
            server.To(ChatRooms.Thread(threadId)).Except(socketId).Emit("presence", new Wire.Presence(threadId, userId, "offline"));
        }
    }

    /// <summary>Users who are in the thread, at most <paramref name="max"/>.</summary>
    public IReadOnlyList<long> Users(long threadId, int max)
    {
        lock (_locks.For(threadId))
            return _threads.TryGetValue(threadId, out var users) ? [.. users.Keys.Take(max)] : [];
    }
}
