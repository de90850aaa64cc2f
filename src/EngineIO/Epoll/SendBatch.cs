using EngineIO.Transports;

namespace EngineIO.Epoll;

/// <summary>Writes of several connections, which one system call makes.</summary>
/// <remarks>
/// Threading: one thread's own. The writers are claimed while they are in it, so what comes for them meanwhile waits in their queues; nothing of the application runs between
/// the first that is added and the end of <see cref="Send"/>, or it could hold up clients that are not its own: what does not leave at once, and why, is found out later, by each
/// writer alone. Bytes are copied, once if several writes after each other have the same: that costs less than to pin what would have to be pinned.
/// </remarks>
internal sealed unsafe class SendBatch : IDisposable
{
    /// <summary>Longest write that it takes, in bytes; the copy of a longer one would cost more than the system call.</summary>
    public const int MaxLength = 64 * 1024;

    private const int Capacity = 1024;
    private const int BufferLength = 2 * MaxLength;

    // Of more messages it is not looked for whether the next connection has the same.
    private const int MostAlike = 256;

    // The thread does nothing else until they are sent, and clients of other threads wait that long as well.
    private const int MostBytes = 1024 * 1024;

    private readonly IoUring _ring;
    private readonly Entry[] _entries = new Entry[Capacity];
    private readonly int[] _results = new int[Capacity];

    // The system reads it while the thread waits.
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferLength, pinned: true);
    private readonly byte* _address;
    private int _length;
    private int _bytes;

    // What was copied last: which messages waited, how many of them that is, and where it is.
    private readonly List<OutboundMessage> _waiting = [];
    private bool _deflated;
    private int _taken;
    private int _lastOffset;
    private int _lastLength;

    private SendBatch(IoUring ring)
    {
        _ring = ring;
        fixed (byte* address = _buffer)
            _address = address;
    }

    /// <summary>Writes that are in it.</summary>
    public int Count { get; private set; }

    /// <summary>Whether it has to be sent before anything is added.</summary>
    public bool IsFull => Count == Capacity || BufferLength - _length < MaxLength || _bytes > MostBytes;

    /// <summary>Whether the system makes no sends this way after all.</summary>
    public bool IsRefused => _ring.IsRefused;

    /// <summary>Memory of <see cref="MaxLength"/> bytes, in which the messages of one write can be joined.</summary>
    public Memory<byte> Free => _buffer.AsMemory(_length, MaxLength);

    /// <summary>Makes one. Null when the system has no ring to give.</summary>
    public static SendBatch? TryCreate()
    {
        var ring = IoUring.TryCreate(Capacity);
        try
        {
            return ring is null ? null : new SendBatch(ring);
        }
        catch (OutOfMemoryException)
        {
            ring?.Dispose();
            return null;
        }
    }

    /// <summary>
    /// Takes the messages from a queue whose bytes are here already, as the queue of the last write had just the same, as it is in a room. False when they have to be copied, and nothing has changed.
    /// </summary>
    /// <param name="queue">What waits for the connection.</param>
    /// <param name="deflated">Whether they are compressed on this connection.</param>
    public bool TryRepeat(OutboundQueue queue, bool deflated)
    {
        if (_waiting.Count == 0 || deflated != _deflated || !queue.Holds(_waiting))
            return false;
        for (var i = 0; i < _taken; i++)
            queue.Dequeue();
        return true;
    }

    /// <summary>Notes what waits for a connection, before it is taken from its queue.</summary>
    public void Remember(OutboundQueue queue, bool deflated)
    {
        _waiting.Clear();
        if (queue.Count <= MostAlike)
            queue.CopyTo(_waiting);
        _deflated = deflated;
    }

    /// <summary>Notes that messages have been taken from the queue, and bytes been put at the start of <see cref="Free"/>.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="length">How many bytes.</param>
    /// <param name="repeatable">Whether they are those of the messages and nothing else.</param>
    public void Append(OutboundQueue queue, int length, bool repeatable)
    {
        if (!repeatable)
            Forget();
        _taken = _waiting.Count - queue.Count;
        (_lastOffset, _lastLength) = (_length, length);
        _length += length;
    }

    /// <summary>Nothing is repeated before something is appended.</summary>
    public void Forget() => _waiting.Clear();

    /// <summary>Adds a write of what was appended or repeated last.</summary>
    /// <param name="writer">Who is told when it is made.</param>
    /// <param name="connection">Where to; <see cref="EpollConnection.TryBeginSend"/> has been called.</param>
    /// <param name="message">The message, when it is only one.</param>
    public void Add(IPendingWriter writer, EpollConnection connection, OutboundMessage? message)
    {
        _ring.Prepare(Count, connection.File, _address + _lastOffset, _lastLength);
        _bytes += _lastLength;
        _entries[Count++] = new Entry(writer, connection, _lastOffset, _lastLength, message);
    }

    /// <summary>Makes the writes, and tells who has added them.</summary>
    public void Send()
    {
        var count = Count;
        if (count == 0)
            return;
        _ring.Submit(_results.AsSpan(0, count));

        // Who has been told may use its messages again.
        Forget();
        for (var i = 0; i < count; i++)
        {
            var entry = _entries[i];
            var sent = Math.Max(0, _results[i]);
            entry.Connection.EndSend();
            entry.Writer.OnWritten(_buffer.AsMemory(entry.Offset + sent, entry.Length - sent), entry.Message);
        }

        Array.Clear(_entries, 0, count);
        Count = _length = _bytes = 0;
    }

    public void Dispose() => _ring.Dispose();

    private readonly record struct Entry(IPendingWriter Writer, EpollConnection Connection, int Offset, int Length, OutboundMessage? Message);
}
