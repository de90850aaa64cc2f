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
    private long _blockedAt;
    private bool _isBlocked;
    private OutboundMessage? _held;
    private int _heldBytes;
    private TaskCompletionSource? _shrunk;
    private long _shrunkTo;
    private int _corks;

    /// <summary>Number of messages that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that wait.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes that wait, and those that a write has been given which does not complete.</summary>
    public long HeldBytes => Bytes + (_held?.Length ?? 0) + _heldBytes;

    /// <summary>Whether what waits is kept back: nobody finds anything to take.</summary>
    public bool IsCorked => _corks > 0;

    /// <summary>Whether nothing waits but what is kept back, and leaves together.</summary>
    public bool IsFree => Count == 0 || IsCorked;

    /// <summary>For how long the client has taken nothing; zero when what is written to it leaves at once.</summary>
    /// <remarks>Only a client can make it grow: what waits because the server has not come to it yet counts against nobody.</remarks>
    public TimeSpan StalledFor => _isBlocked ? time.GetElapsedTime(_blockedAt) : TimeSpan.Zero;

    /// <summary>Notes that the client takes nothing for now.</summary>
    public void MarkBlocked()
    {
        if (_isBlocked)
            return;
        _isBlocked = true;
        _blockedAt = time.GetTimestamp();
    }

    /// <summary>Notes that a write does not complete for now, and what it holds: a message, or so many bytes of a buffer of its own.</summary>
    public void MarkBlocked(OutboundMessage? message, int bytes)
    {
        MarkBlocked();
        _held = message;
        _heldBytes = bytes;
        if (message is not null)
            budget.Hold(message);
        budget.Add(bytes);
    }

    /// <summary>Notes that the client has taken something.</summary>
    public void MarkProgress()
    {
        _isBlocked = false;
        ReleaseHeld();
    }

    /// <summary>Keeps back what waits.</summary>
    public void Cork() => _corks++;

    /// <summary>Takes back a call of <see cref="Cork"/>, or all. True when something waits that was kept back until now.</summary>
    public bool Uncork(bool all)
    {
        if (!IsCorked)
            return false;
        _corks = all ? 0 : _corks - 1;
        return !IsCorked && Count > 0;
    }

    /// <summary>Appends a message. False, and nothing is appended, when a limit is reached: the client is a slow consumer.</summary>
    public bool TryEnqueue(OutboundMessage message)
    {
        if (Count > 0 && IsOverLimit(message.Length))
            return false;
        Enqueue(message);
        return true;
    }

    /// <summary>Appends a message whatever waits already; only the budget bounds it.</summary>
    public void Enqueue(OutboundMessage message)
    {
        Append(message);
        Bytes += message.Length;
        budget.Hold(message);
    }

    /// <summary>Takes the oldest message out, or null when there is none to take.</summary>
    public OutboundMessage? Dequeue()
    {
        if (Count == 0 || IsCorked)
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
        budget.Release(message);
        if (Count == 0)
            ReturnRing();
        NotifyShrunk();
        return message;
    }

    /// <summary>The oldest message, left where it is, or null when there is none to take.</summary>
    public OutboundMessage? Peek() => Count == 0 || IsCorked ? null : _ring is null ? _single : _ring[_head];

    /// <summary>Whether exactly these wait.</summary>
    public bool Holds(List<OutboundMessage> messages)
    {
        if (Count != messages.Count)
            return false;
        for (var i = 0; i < Count; i++)
        {
            if (this[i] != messages[i])
                return false;
        }

        return true;
    }

    /// <summary>Puts what waits into a list, whatever that had.</summary>
    public void CopyTo(List<OutboundMessage> messages)
    {
        messages.Clear();
        for (var i = 0; i < Count; i++)
            messages.Add(this[i]);
    }

    private OutboundMessage this[int index]
    {
        get
        {
            if (_ring is null)
                return _single!;
            var at = _head + index;
            return _ring[at < _ring.Length ? at : at - _ring.Length]!;
        }
    }

    /// <summary>Throws away everything that waits. What a write still holds is counted no more: the time that it has left is bounded.</summary>
    public void Clear()
    {
        _corks = 0;
        while (Dequeue() is not null)
        {
        }

        ReleaseHeld();
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
        return bytes > options.SoftQueuedBytes && StalledFor > options.StalledWriteTimeout;
    }

    private void ReleaseHeld()
    {
        if (_held is not null)
            budget.Release(_held);
        budget.Add(-_heldBytes);
        _held = null;
        _heldBytes = 0;
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
            budget.Add((larger.Length - CountedLength(_ring)) * (long)IntPtr.Size);
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
        budget.Add(-CountedLength(_ring) * (long)IntPtr.Size);
        Return(_ring);
        _ring = null;
        _head = 0;
    }

    // The smallest are kept for whoever needs one next, and cost less than the session itself.
    private static int CountedLength(OutboundMessage?[] ring) => ring.Length > SmallestRing ? ring.Length : 0;

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
