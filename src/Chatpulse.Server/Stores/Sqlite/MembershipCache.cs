using System.Collections.Concurrent;

namespace Chatpulse.Server.Stores.Sqlite;

/// <summary>
/// Who is known to be in which thread. Only committed memberships are added, and whoever is taken out of a thread is removed, so what it
/// holds is true; what it does not hold is asked of the database. Refusals are not kept: they may be lifted at any time.
/// </summary>
/// <remarks>
/// Threading: lock-free for readers. Bounded by two generations: when the young one is full it becomes the old one and the old one is
/// dropped; what is still used moves back on its next use. A few more entries than the bound may slip in while many threads turn at once.
/// Somebody who found a membership in the database before it was removed must not add it afterwards: hence <see cref="Version"/>, which is read
/// before the database is and counts removals.
/// </remarks>
internal sealed class MembershipCache(int capacity)
{
    private readonly Lock turning = new();
    private readonly int perGeneration = Math.Max(1, capacity / 2);
    private volatile ConcurrentDictionary<(long UserId, long ThreadId), bool> young = new();
    private volatile ConcurrentDictionary<(long UserId, long ThreadId), bool> old = new();
    private int youngCount;
    private long version;

    public int Count => young.Count + old.Count;

    /// <summary>To be read before the database is asked, and given to <see cref="Add"/>.</summary>
    public long Version => Interlocked.Read(ref version);

    public bool Contains(long userId, long threadId)
    {
        if (young.ContainsKey((userId, threadId)))
            return true;
        var seen = Version;
        if (!old.ContainsKey((userId, threadId)))
            return false;
        Add(userId, threadId, seen);
        return true;
    }

    /// <summary>Adds what was found since the given version; does nothing when anybody was removed meanwhile.</summary>
    public void Add(long userId, long threadId, long foundAt)
    {
        if (Version != foundAt)
            return;
        var isNew = young.TryAdd((userId, threadId), true);
        if (Version != foundAt)
        {
            Forget(userId, threadId);
            return;
        }

        if (!isNew || Interlocked.Increment(ref youngCount) < perGeneration)
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

    /// <summary>Removes a membership that the database has no more.</summary>
    public void Remove(long userId, long threadId)
    {
        Interlocked.Increment(ref version);
        Forget(userId, threadId);
    }

    private void Forget(long userId, long threadId)
    {
        // The young generation first: it may become the old one meanwhile, but never the other way.
        young.TryRemove((userId, threadId), out _);
        old.TryRemove((userId, threadId), out _);
    }
}
