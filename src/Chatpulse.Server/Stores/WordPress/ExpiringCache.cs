using System.Diagnostics.CodeAnalysis;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>What the site said, remembered for a fixed time and up to a weight; the oldest is forgotten first.</summary>
/// <remarks>Threading: anyone calls; the lock guards both collections. All entries live equally long, so the queue is in the order of their ends.</remarks>
internal sealed class ExpiringCache<TKey, TValue>(TimeProvider timeProvider, TimeSpan lifetime, int maxWeight, Func<TValue, int>? weigh = null)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Entry> _entries = [];
    private readonly Queue<(TKey Key, Entry Entry)> _order = new();
    private long _weight;

    /// <summary>Entries, the expired ones that nobody has asked for among them.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary>Finds what is remembered and has not expired.</summary>
    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var entry) && timeProvider.GetElapsedTime(entry.AddedAt) < lifetime)
            {
                value = entry.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Remembers or replaces.</summary>
    public void Set(TKey key, TValue value)
    {
        lock (_lock)
        {
            Drop(key);
            var entry = new Entry(value, timeProvider.GetTimestamp(), 1 + (weigh?.Invoke(value) ?? 0));
            _entries[key] = entry;
            _weight += entry.Weight;
            _order.Enqueue((key, entry));

            // The queue also holds what was replaced or dropped since; that goes when its turn or its time comes.
            while (_order.TryPeek(out var oldest)
                && (_weight > maxWeight || _order.Count > 2L * maxWeight || timeProvider.GetElapsedTime(oldest.Entry.AddedAt) >= lifetime))
            {
                _order.Dequeue();
                if (_entries.TryGetValue(oldest.Key, out var current) && ReferenceEquals(current, oldest.Entry))
                    Drop(oldest.Key);
            }
        }
    }

    /// <summary>Forgets one.</summary>
    public void Remove(TKey key)
    {
        lock (_lock)
            Drop(key);
    }

    /// <summary>Forgets those that a condition names. Looks at all of them.</summary>
    public void RemoveWhere(Func<TKey, bool> condition)
    {
        lock (_lock)
        {
            foreach (var key in _entries.Keys.Where(condition).ToArray())
                Drop(key);
        }
    }

    private void Drop(TKey key)
    {
        if (_entries.Remove(key, out var entry))
            _weight -= entry.Weight;
    }

    private sealed record Entry(TValue Value, long AddedAt, int Weight);
}
