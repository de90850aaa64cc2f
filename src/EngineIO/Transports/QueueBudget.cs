namespace EngineIO.Transports;

/// <summary>What all outbound queues of a server may hold together.</summary>
/// <remarks>
/// Threading: any thread; one atomic counter. When the budget is spent, a session that holds more than its equal share of it is a slow
/// consumer, and the others are served on. Closing whoever happens to be sent to was rejected: when the server itself is
/// the bottleneck that is everybody.
/// </remarks>
internal sealed class QueueBudget(long maxBytes, Func<int> sessionCount)
{
    private long _bytes;

    /// <summary>Bytes that wait in all queues. A message that waits in several is counted in each.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Adds to, or takes from, what waits.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>Whether the budget is spent and a session with that many bytes has more than its share.</summary>
    public bool IsSpent(long sessionBytes) => Bytes > maxBytes && sessionBytes > maxBytes / Math.Max(1, sessionCount());
}
