namespace Chatpulse.Server.Chat;

/// <summary>The messages told last, so that one that comes back as a webhook is not told again. Holds 16,384; the oldest is forgotten first.</summary>
/// <remarks>
/// Threading: anyone calls; one lock guards both collections. Webhooks come within seconds. Who needs more is a connection that was taken up again: its
/// session is refused when more than 10,000 packets were sent since it was lost, so what was told meanwhile is here, with room for what is told until it joins.
/// </remarks>
internal sealed class RecentlyTold
{
    private const int Capacity = 16_384;

    private readonly Lock _lock = new();
    private readonly HashSet<(long ThreadId, long MessageId)> _told = [];
    private readonly Queue<(long ThreadId, long MessageId)> _order = new();

    /// <summary>Whether the message was told.</summary>
    public bool Contains(long threadId, long messageId)
    {
        lock (_lock)
            return _told.Contains((threadId, messageId));
    }

    /// <summary>False when the message was told already.</summary>
    public bool TryAdd(long threadId, long messageId)
    {
        lock (_lock)
        {
            if (!_told.Add((threadId, messageId)))
                return false;
            _order.Enqueue((threadId, messageId));
            if (_order.Count > Capacity)
                _told.Remove(_order.Dequeue());
            return true;
        }
    }
}
