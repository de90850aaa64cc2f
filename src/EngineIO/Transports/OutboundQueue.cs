using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace EngineIO.Transports;

/// <summary>What waits to be written to one client, oldest first.</summary>
/// <remarks>
/// Threading: not thread-safe; the session's lock guards it. One waiting message lies in a field, more of them in an array that is given
/// back when the queue is empty again, so that an idle session holds none.
/// </remarks>
internal sealed class OutboundQueue(EngineIOOptions options, QueueBudget budget, TimeProvider time)
{
    private const int SmallestRing = 16;

    // What a thread keeps for the queues that fill and empty at the same time when a round writes to a whole room: the shared pool keeps a few only.
    private const int KeptRings = 1024;

    [ThreadStatic]
    private static Stack<OutboundMessage?[]>? _rings;

    private OutboundMessage? _single;
    private OutboundMessage?[]? _ring;
    private int _head;
    private long _progressAt;
    private TaskCompletionSource? _shrunk;
    private long _shrunkTo;

    /// <summary>Number of messages that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that wait.</summary>
    public long Bytes { get; private set; }

    /// <summary>Notes that the client has taken something just now, or is about to be given something.</summary>
    public void MarkProgress() => _progressAt = time.GetTimestamp();

    /// <summary>Appends a message. False, and nothing is appended, when a limit is reached: the client is a slow consumer.</summary>
    public bool TryEnqueue(OutboundMessage message)
    {
        if (Count == 0)
            MarkProgress();
        else if (IsOverLimit(message.Length))
            return false;
        Append(message);
        Bytes += message.Length;
        budget.Add(message.Length);
        return true;
    }

    /// <summary>Takes the oldest message out, or null when nothing waits.</summary>
    public OutboundMessage? Dequeue()
    {
        if (Count == 0)
            return null;
        OutboundMessage message;
        if (_ring is null)
        {
            message = _single!;
            _single = null;
        }
        else
        {
            message = _ring[_head]!;
            _ring[_head] = null;
            if (++_head == _ring.Length)
                _head = 0;
        }

        Count--;
        Bytes -= message.Length;
        budget.Add(-message.Length);
        if (Count == 0)
            ReturnRing();
        NotifyShrunk();
        return message;
    }

    /// <summary>The oldest message, left where it is.</summary>
    public OutboundMessage? Peek() => Count == 0 ? null : _ring is null ? _single : _ring[_head];

    /// <summary>Throws away everything that waits.</summary>
    public void Clear()
    {
        budget.Add(-Bytes);
        Bytes = 0;
        Count = 0;
        _single = null;
        ReturnRing();
        NotifyShrunk();
    }

    /// <summary>
    /// Whether at most that many bytes wait; if not, <paramref name="shrunk"/> completes once they may. It is shared by all who wait, so whoever wants the least
    /// has to ask again.
    /// </summary>
    public bool HasShrunkTo(long bytes, [NotNullWhen(false)] out Task? shrunk)
    {
        shrunk = null;
        if (Bytes <= bytes)
            return true;
        _shrunkTo = _shrunk is null ? bytes : Math.Max(_shrunkTo, bytes);
        _shrunk ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        shrunk = _shrunk.Task;
        return false;
    }

    private void NotifyShrunk()
    {
        if (_shrunk is null || Bytes > _shrunkTo)
            return;
        _shrunk.SetResult();
        _shrunk = null;
    }

    // The first message in an empty queue is always taken: a limit smaller than a message must not make sending impossible.
    private bool IsOverLimit(int length)
    {
        var bytes = Bytes + length;
        if (Count >= options.MaxQueuedMessages || bytes > options.MaxQueuedBytes)
            return true;
        if (bytes > options.SoftQueuedBytes && time.GetElapsedTime(_progressAt) > options.StalledWriteTimeout)
            return true;
        return budget.IsSpent(bytes);
    }

    private void Append(OutboundMessage message)
    {
        if (Count == 0)
        {
            _single = message;
            Count = 1;
            return;
        }

        if (_ring is null)
        {
            _ring = _rings?.TryPop(out var kept) == true ? kept : new OutboundMessage?[SmallestRing];
            _ring[0] = _single;
            _head = 0;
            _single = null;
        }
        else if (Count == _ring.Length)
        {
            var larger = ArrayPool<OutboundMessage?>.Shared.Rent(_ring.Length * 2);
            _ring.AsSpan(_head).CopyTo(larger);
            _ring.AsSpan(0, _head).CopyTo(larger.AsSpan(_ring.Length - _head));
            Return(_ring);
            _ring = larger;
            _head = 0;
        }

        var tail = _head + Count++;
        _ring[tail < _ring.Length ? tail : tail - _ring.Length] = message;
    }

    private void ReturnRing()
    {
        if (_ring is null)
            return;
        Return(_ring);
        _ring = null;
        _head = 0;
    }

    private static void Return(OutboundMessage?[] ring)
    {
        if (ring.Length > SmallestRing)
        {
            ArrayPool<OutboundMessage?>.Shared.Return(ring, clearArray: true);
            return;
        }

        _rings ??= new Stack<OutboundMessage?[]>();
        if (_rings.Count == KeptRings)
            return;
        Array.Clear(ring);
        _rings.Push(ring);
    }
}
