using System.Collections.Concurrent;

namespace Chatpulse.Server.Stores.Sqlite;

/// <summary>
/// Who is known to be in which thread. Only committed memberships are added and this process is the only writer, so what it holds is
/// true; what it does not hold is asked of the database. Refusals are not kept: they may be lifted at any time.
/// </summary>
/// <remarks>
/// Threading: lock-free for readers. Bounded by two generations: when the young one is full it becomes the old one and the old one is
/// dropped; what is still used moves back on its next use. A few more entries than the bound may slip in while many threads turn at once.
/// </remarks>
internal sealed class MembershipCache(int capacity)
{
    private readonly Lock turning = new();
    private readonly int perGeneration = Math.Max(1, capacity / 2);
    private volatile ConcurrentDictionary<(long UserId, long ThreadId), bool> young = new();
    private volatile ConcurrentDictionary<(long UserId, long ThreadId), bool> old = new();
    private int youngCount;

    public int Count => young.Count + old.Count;

    public bool Contains(long userId, long threadId)
    {
        if (young.ContainsKey((userId, threadId)))
            return true;
        if (!old.ContainsKey((userId, threadId)))
            return false;
        Add(userId, threadId);
        return true;
    }

    public void Add(long userId, long threadId)
    {
        if (!young.TryAdd((userId, threadId), true) || Interlocked.Increment(ref youngCount) < perGeneration)
            return;
        lock (turning)
        {
            if (Volatile.Read(ref youngCount) < perGeneration)
                return;
            old = young;
            young = new();
            Volatile.Write(ref youngCount, 0);
        }
    }
}
