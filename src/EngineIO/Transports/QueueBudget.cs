namespace EngineIO.Transports;

/// <summary>What all outbound queues of a server may hold together.</summary>
/// <remarks>
/// Threading: any thread; one atomic counter here and one in each message. A message is counted once however many queues it waits in, as it exists once in
/// memory: counted in each, a broadcast to a large room would spend the budget whenever the server is the bottleneck, with nobody to blame.
/// Who has to go when the budget is spent is for <see cref="Sessions.EngineServer"/> to say, which knows all sessions.
/// </remarks>
internal sealed class QueueBudget(long maxBytes)
{
    /// <summary>What a message takes beside its bytes: many small ones cost more than their length.</summary>
    public const int MessageOverhead = 96;

    /// <summary>A sixteenth more than necessary is given up at a time, so that looking for it stays rare.</summary>
    private const int SpareShare = 16;

    private long _bytes;

    /// <summary>Bytes that wait in all queues, or are held by writes that do not complete.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether more is held than may be.</summary>
    public bool IsSpent => Bytes > maxBytes;

    /// <summary>Whether little enough is held after it was spent.</summary>
    public bool IsRelieved => Bytes <= maxBytes - (maxBytes / SpareShare);

    /// <summary>A queue or a write holds a message.</summary>
    public void Hold(OutboundMessage message)
    {
        if (message.AddHolder(this))
            Add(message.Length + MessageOverhead);
    }

    /// <summary>One that held a message does so no more.</summary>
    public void Release(OutboundMessage message)
    {
        if (message.RemoveHolder(this))
            Add(-(message.Length + MessageOverhead));
    }

    /// <summary>Adds to, or takes from, what is held beside messages.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}
