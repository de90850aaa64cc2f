using EngineIO.Transports;

namespace EngineIO.Epoll;

/// <summary>Writes of several connections, which one system call makes.</summary>
/// <remarks>
/// Threading: one thread's own. The writers are claimed while they are in it, so what comes for them meanwhile waits in their queues; nothing of the application runs between
/// the first that is added and the end of <see cref="Send"/>, or it could hold up clients that are not its own. Bytes are copied, once if several writes after each
/// other have the same: that costs less than to pin what would have to be pinned.
/// </remarks>
internal sealed unsafe class SendBatch : IDisposable
{
    /// <summary>Longest write that it takes, in bytes; the copy of a longer one would cost more than the system call.</summary>
    public const int MaxLength = 64 * 1024;

    private const int Capacity = 1024;
    private const int BufferLength = 2 * MaxLength;

    // Of more messages it is not looked for whether the next connection has the same.
    private const int MostAlike = 64;

    private readonly IoUring _ring;
    private readonly Entry[] _entries = new Entry[Capacity];
    private readonly int[] _results = new int[Capacity];

    // The system reads it while the thread waits.
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferLength, pinned: true);
    private readonly byte* _address;
    private int _length;

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
    public bool IsFull => Count == Capacity || BufferLength - _length < MaxLength;

    /// <summary>Memory of <see cref="MaxLength"/> bytes, in which the messages of one write can be joined.</summary>
    public Memory<byte> Free => _buffer.AsMemory(_length, MaxLength);

    /// <summary>Makes one. Null when the system has no ring to give.</summary>
    public static SendBatch? TryCreate() => IoUring.TryCreate(Capacity) is { } ring ? new SendBatch(ring) : null;

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

    /// <summary>Notes that messages have been taken from the queue, and their bytes put at the start of <see cref="Free"/>.</summary>
    public void Append(OutboundQueue queue, int length)
    {
        _taken = _waiting.Count - queue.Count;
        (_lastOffset, _lastLength) = (_length, length);
        _length += length;
    }

    /// <summary>Adds a write of what was appended or repeated last.</summary>
    /// <param name="writer">Who is told when it is made.</param>
    /// <param name="connection">Where to; <see cref="EpollConnection.TryBeginSend"/> has been called.</param>
    /// <param name="message">The message, when it is only one.</param>
    public void Add(IPendingWriter writer, EpollConnection connection, OutboundMessage? message)
    {
        _ring.Prepare(Count, connection.File, _address + _lastOffset, _lastLength);
        _entries[Count++] = new Entry(writer, connection, _lastOffset, _lastLength, message);
    }

    /// <summary>Makes the writes, and tells who has added them.</summary>
    /// <param name="onFailed">What is told of a failure that is no connection's.</param>
    public void Send(Action<Exception> onFailed)
    {
        var count = Count;
        if (count == 0)
            return;
        _ring.Submit(_results.AsSpan(0, count));
        for (var i = 0; i < count; i++)
        {
            var entry = _entries[i];
            entry.Connection.EndSend();
            try
            {
                var sent = Math.Max(0, _results[i]);
                entry.Writer.OnWritten(_buffer.AsMemory(entry.Offset + sent, entry.Length - sent), entry.Message);
            }
            catch (Exception exception)
            {
                onFailed(exception);
            }
        }

        Array.Clear(_entries, 0, count);
        Count = _length = 0;

        // Who has been told may use them again.
        _waiting.Clear();
    }

    public void Dispose() => _ring.Dispose();

    private readonly record struct Entry(IPendingWriter Writer, EpollConnection Connection, int Offset, int Length, OutboundMessage? Message);
}
