namespace EngineIO.Epoll;

/// <summary>
/// Keeps writes until their loop comes to make them: those of one thread until the end of its loop's round, so that everything which a round has for one connection leaves in
/// one system call, and those that the clock gives a loop.
/// </summary>
/// <remarks>
/// Threading: any thread adds and flushes. That of a thread is added to by this alone, and flushed by another one when the thread is found to be held up: from then on
/// nothing is put off any more. The lock guards the list; nothing is written while it is held.
/// </remarks>
internal sealed class Cork(Action<Exception> onFailed)
{
    [ThreadStatic]
    private static Cork? _current;

    private readonly Lock _gate = new();
    private IPendingWriter?[] _writers = new IPendingWriter?[16];
    private int _first;
    private int _end;
    private bool _open = true;

    /// <summary>That of the calling thread; null when it is no loop's, or does not put writes off now.</summary>
    public static Cork? Current
    {
        get => _current;
        set => _current = value;
    }

    private int Count
    {
        get
        {
            lock (_gate)
                return _end - _first;
        }
    }

    /// <summary>Puts a write off. False when nothing is put off any more: it is to be made at once.</summary>
    public bool TryAdd(IPendingWriter writer)
    {
        lock (_gate)
        {
            if (!_open)
                return false;
            if (_end == _writers.Length)
                MakeRoom();
            _writers[_end++] = writer;
            return true;
        }
    }

    /// <summary>
    /// Makes the writes that are put off now, oldest first, each a step of <paramref name="thread"/>'s work. Those that come meanwhile are left: other threads may have more for
    /// the same clients without end.
    /// </summary>
    /// <param name="thread">The calling thread; null when it is no loop's.</param>
    /// <param name="most">How many it makes at the most.</param>
    /// <returns>Whether none is left.</returns>
    public bool Flush(LoopThread? thread, int most = int.MaxValue)
    {
        var count = Math.Min(most, Count);
        if (count == 0)
            return true;
        var batch = count > 1 ? thread?.Batch : null;
        for (; count > 0 && TryTake() is { } writer; count--)
            Write(writer, batch, thread);
        batch?.Send();
        return Count == 0;
    }

    /// <summary>Puts nothing off any more.</summary>
    public void Close()
    {
        lock (_gate)
            _open = false;
    }

    private void Write(IPendingWriter writer, SendBatch? batch, LoopThread? thread)
    {
        try
        {
            if (batch is null || !TryAdd(writer, batch))
                writer.WritePending();
        }
        catch (Exception exception)
        {
            onFailed(exception);
        }

        thread?.Step();
    }

    private static bool TryAdd(IPendingWriter writer, SendBatch batch)
    {
        if (batch.IsFull)
            batch.Send();
        if (writer.TryWriteWith(batch))
            return true;

        // What it does now may take long, or call the application: nobody else's write waits for it.
        batch.Send();
        return false;
    }

    private void MakeRoom()
    {
        // What was taken from the front leaves room, which a list that is never quite empty must use.
        var from = _first;
        (_first, _end) = (0, _end - from);
        var larger = _end > _writers.Length / 2 ? new IPendingWriter?[_writers.Length * 2] : _writers;
        Array.Copy(_writers, from, larger, 0, _end);
        if (larger == _writers)
            Array.Clear(_writers, _end, from);
        _writers = larger;
    }

    private IPendingWriter? TryTake()
    {
        lock (_gate)
        {
            if (_first == _end)
            {
                _first = _end = 0;
                return null;
            }

            var writer = _writers[_first];
            _writers[_first++] = null;
            return writer;
        }
    }
}
