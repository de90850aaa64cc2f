namespace Chatpulse.Server.Presence;

/// <summary>
/// Who is connected, by how many connections, and what they show. Users without a connection are remembered for their <c>lastSeen</c>: the 10,000 who
/// went last.
/// </summary>
/// <remarks>Threading: anyone calls; one lock guards everything, and nothing is called while it is held.</remarks>
public sealed class PresenceTracker(TimeProvider timeProvider)
{
    /// <summary>Users without a connection that are remembered.</summary>
    public const int MaxRememberedOffline = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, UserPresence> _users = [];

    // Whoever went offline, oldest first; one who has come back since is passed over when their turn comes.
    private readonly Queue<(long UserId, DateTimeOffset At)> _gone = new();
    private int _connected;

    /// <summary>Users with a connection.</summary>
    public int ConnectedUsers
    {
        get
        {
            lock (_lock)
                return _connected;
        }
    }

    /// <summary>Counts a connection in. True when it is the user's first.</summary>
    public bool Connect(long userId)
    {
        lock (_lock)
        {
            var known = _users.GetValueOrDefault(userId);
            var first = known is null or { Connections: 0 };
            _users[userId] = new UserPresence(
                userId,
                first ? PresenceStatus.Online : known!.Status,
                timeProvider.GetUtcNow(),
                (known?.Connections ?? 0) + 1);
            if (first)
                _connected++;
            return first;
        }
    }

    /// <summary>Counts a connection out. True when it was the user's last.</summary>
    public bool Disconnect(long userId)
    {
        lock (_lock)
        {
            if (!_users.TryGetValue(userId, out var known) || known.Connections == 0)
                return false;
            var now = timeProvider.GetUtcNow();
            var last = known.Connections == 1;
            _users[userId] = known with
            {
                Connections = known.Connections - 1,
                LastSeen = now,
                Status = last ? PresenceStatus.Offline : known.Status,
            };
            if (last)
            {
                _connected--;
                _gone.Enqueue((userId, now));
                if (_gone.Count > MaxRememberedOffline)
                    Forget(_gone.Dequeue());
            }

            return last;
        }
    }

    /// <summary>What a connected user wants to show. False when the user has no connection.</summary>
    public bool SetStatus(long userId, PresenceStatus status)
    {
        lock (_lock)
        {
            if (!_users.TryGetValue(userId, out var known) || known.Connections == 0)
                return false;
            _users[userId] = known with { Status = status, LastSeen = timeProvider.GetUtcNow() };
            return true;
        }
    }

    /// <summary>The user's presence; null when nothing is known.</summary>
    public UserPresence? Find(long userId)
    {
        lock (_lock)
            return _users.GetValueOrDefault(userId);
    }

    /// <summary>Everyone who is known, at this moment.</summary>
    public IReadOnlyList<UserPresence> Snapshot()
    {
        lock (_lock)
            return [.. _users.Values];
    }

    private void Forget((long UserId, DateTimeOffset At) gone)
    {
        if (_users.TryGetValue(gone.UserId, out var known) && known.Connections == 0 && known.LastSeen == gone.At)
            _users.Remove(gone.UserId);
    }
}
