namespace EngineIO.Sessions;

/// <summary>What is kept of messages that clients have sent in part, of all sessions together, and who has to go when that is too much.</summary>
/// <remarks>
/// Threading: any thread. The lock guards all fields and every <see cref="Share"/>; nothing else is called while it is held. A time limit for each message was rejected: it
/// bounds no memory, and would end slow clients with nothing else at stake. Those who have kept the server waiting longest go first, so that who merely sends much, message after
/// message, is never among them.
/// </remarks>
/// <param name="maxBytes"><see cref="EngineIOOptions.MaxTotalIncompleteBytes"/>.</param>
internal sealed class IncompleteMessages(long maxBytes)
{
    /// <summary>Less of one message is not counted, in bytes.</summary>
    public const int LeastCounted = 8 * 1024;

    private readonly Lock _gate = new();
    private readonly LinkedList<Share> _oldestFirst = new();
    private long _bytes;

    /// <summary>Bytes that are kept.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
                return _bytes;
        }
    }

    /// <summary>A session keeps so many bytes more, or less. Ends sessions when it is too much, maybe this one.</summary>
    public void Add(Share share, long bytes)
    {
        List<Share>? evicted = null;
        lock (_gate)
        {
            if (share.IsOver)
                return;
            share.Bytes += bytes;
            _bytes += bytes;
            if (share.Bytes <= 0)
                Remove(share);
            else if (share.Node.List is null)
                _oldestFirst.AddLast(share.Node);

            // One message may always be sent, however small the limit.
            while (_bytes > maxBytes && _oldestFirst.Count > 1)
            {
                var oldest = _oldestFirst.First!.Value;
                Remove(oldest);
                oldest.IsOver = true;
                (evicted ??= []).Add(oldest);
            }
        }

        evicted?.ForEach(static share => share.Session.CutOffIncomplete());
    }

    /// <summary>The session has ended: nothing of it counts any more.</summary>
    public void End(Share share)
    {
        lock (_gate)
        {
            Remove(share);
            share.IsOver = true;
        }
    }

    private void Remove(Share share)
    {
        _bytes -= share.Bytes;
        share.Bytes = 0;
        if (share.Node.List is not null)
            _oldestFirst.Remove(share.Node);
    }

    /// <summary>What one session keeps.</summary>
    public sealed class Share
    {
        public Share(EngineSession session)
        {
            Session = session;
            Node = new LinkedListNode<Share>(this);
        }

        public EngineSession Session { get; }

        public LinkedListNode<Share> Node { get; }

        public long Bytes { get; set; }

        public bool IsOver { get; set; }
    }
}
