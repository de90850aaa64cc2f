namespace Chatpulse.Server.Chat;

/// <summary>
/// The threads that users were in when a connection of theirs was lost, for two minutes. A client library sends what it kept while it was offline as soon as
/// it is back, before its application has had the chance to join again; such a message must not be refused. Holds 10,000; the oldest goes first.
/// </summary>
/// <remarks>Threading: anyone calls; one lock guards both collections.</remarks>
internal sealed class RecentThreads(TimeProvider timeProvider)
{
    /// <summary>How long a thread is remembered.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(2);

    private const int Capacity = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(long UserId, long ThreadId), long> _lostAt = [];
    private readonly Queue<((long UserId, long ThreadId) Key, long LostAt)> _order = new();

    /// <summary>A connection of the user was lost while it was in the thread.</summary>
    public void Add(long userId, long threadId)
    {
        lock (_lock)
        {
            var now = timeProvider.GetTimestamp();
            _lostAt[(userId, threadId)] = now;
            _order.Enqueue(((userId, threadId), now));
            while (_order.TryPeek(out var oldest) && (_order.Count > Capacity || timeProvider.GetElapsedTime(oldest.LostAt, now) > Memory))
            {
                _order.Dequeue();
                if (_lostAt.GetValueOrDefault(oldest.Key) == oldest.LostAt)
                    _lostAt.Remove(oldest.Key);
            }
        }
    }

    /// <summary>Whether the user was in the thread until a moment ago.</summary>
    public bool Contains(long userId, long threadId)
    {
        lock (_lock)
            return _lostAt.TryGetValue((userId, threadId), out var lostAt) && timeProvider.GetElapsedTime(lostAt) <= Memory;
    }
}
