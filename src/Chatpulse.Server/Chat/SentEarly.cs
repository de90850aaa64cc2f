namespace Chatpulse.Server.Chat;

/// <summary>
/// Messages that a connection got by catching up before the thread was told of them: they were stored already, while their webhook, or the answer to the call
/// that stored them, was still on its way, or was lost and is asked for again. When they are told at last, that connection is passed over, so that it gets none twice.
/// </summary>
/// <remarks>
/// Threading: anyone calls; the lock guards both collections. Rejected: the highest id that a connection was sent, because a lower id can be committed after a
/// higher one, and would then be lost. At most <see cref="Capacity"/> pairs of a message and a connection are held; the oldest message is forgotten first.
/// </remarks>
internal sealed class SentEarly
{
    private const int Capacity = 65_536;

    private readonly Lock _lock = new();
    private readonly Dictionary<(long ThreadId, long MessageId), HashSet<string>> _sockets = [];
    private readonly Queue<(long ThreadId, long MessageId)> _order = new();
    private int _count;

    /// <summary>The connection has the message.</summary>
    public void Add(long threadId, long messageId, string socketId)
    {
        lock (_lock)
        {
            var key = (threadId, messageId);
            if (!_sockets.TryGetValue(key, out var sockets))
            {
                _sockets.Add(key, sockets = new HashSet<string>(StringComparer.Ordinal));
                _order.Enqueue(key);
            }

            if (!sockets.Add(socketId))
                return;
            _count++;

            // The order also has those that were taken.
            while (_count > Capacity || _order.Count > Capacity)
            {
                if (_sockets.Remove(_order.Dequeue(), out var forgotten))
                    _count -= forgotten.Count;
            }
        }
    }

    /// <summary>The message is told now: the connections that have it. Forgets them.</summary>
    public IReadOnlyCollection<string> Take(long threadId, long messageId)
    {
        lock (_lock)
        {
            if (!_sockets.Remove((threadId, messageId), out var sockets))
                return [];
            _count -= sockets.Count;
            return sockets;
        }
    }
}
