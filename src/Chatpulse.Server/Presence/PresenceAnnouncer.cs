using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using SocketIO.Server;

namespace Chatpulse.Server.Presence;

/// <summary>
/// Tells people who share a thread with a user what that user's presence is: <c>presence:status</c>, and <c>user:disconnect</c> when
/// the last connection has gone.
/// </summary>
/// <remarks>
/// Threading: anyone asks; the lock guards the queue, and one loop at a time works through it. A user who waits already is not queued
/// again: what is told is the presence at the moment of telling, so the last word is always the true one, and users who flap cost one round. The queue
/// therefore holds at most the users who are known. One store query a user, one after the other, so that a thousand
/// connections lost together cannot take the store from those who write.
/// </remarks>
internal sealed partial class PresenceAnnouncer(PresenceTracker tracker, IChatStore store, SocketIOServer server, ILogger<PresenceAnnouncer> logger)
{
    private readonly Lock _lock = new();
    private readonly Queue<long> _waiting = new();
    private readonly HashSet<long> _queued = [];
    private bool _running;

    /// <summary>Has the user's presence told soon. Returns at once.</summary>
    public void Announce(long userId)
    {
        lock (_lock)
        {
            if (!_queued.Add(userId))
                return;
            _waiting.Enqueue(userId);
            if (_running)
                return;
            _running = true;
        }

        _ = Task.Run(RunAsync);
    }

    private async Task RunAsync()
    {
        while (TryTake(out var userId))
        {
            try
            {
                await TellAsync(userId);
            }
            catch (Exception failure)
            {
                // Presence is told as well as it can be: nobody waits for it, and the next change tells it anew.
                LogFailed(userId, failure);
            }
        }
    }

    private bool TryTake(out long userId)
    {
        lock (_lock)
        {
            if (_waiting.TryDequeue(out userId))
                return _queued.Remove(userId);
            return _running = false;
        }
    }

    private async Task TellAsync(long userId)
    {
        var contacts = await store.ContactsAsync(userId, CancellationToken.None);
        string[] rooms = [.. contacts.Where(contact => tracker.Find(contact) is { Connections: > 0 }).Select(ChatRooms.User)];
        if (rooms.Length == 0 || tracker.Find(userId) is not { } presence)
            return;
        var to = server.To(rooms);
        to.Emit("presence:status", ToWire(presence));
        if (presence.Connections == 0)
            to.Emit("user:disconnect", new Wire.UserDisconnect(userId));
    }

    /// <summary>The shape of <c>presence:status</c>.</summary>
    public static Wire.UserPresence ToWire(UserPresence presence) =>
        new(presence.UserId, presence.Status.ToWire(), ChatTime.Format(presence.LastSeen));

    [LoggerMessage(Level = LogLevel.Warning, Message = "The presence of user {UserId} could not be told")]
    private partial void LogFailed(long userId, Exception exception);
}
