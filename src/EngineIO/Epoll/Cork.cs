namespace EngineIO.Epoll;

/// <summary>
/// Keeps the writes of one thread until the end of its loop's round, so that everything which a round has for one connection leaves in one system call.
/// </summary>
/// <remarks>
/// Threading: one a thread; its own thread adds. Another one flushes it when the thread is found to be held up: from then on nothing is put off any more.
/// The lock guards the list; nothing is written while it is held.
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

    /// <summary>Puts a write off. False when nothing is put off any more: it is to be made at once.</summary>
    public bool TryAdd(IPendingWriter writer)
    {
        lock (_gate)
        {
            if (!_open)
                return false;
            if (_end == _writers.Length)
                Array.Resize(ref _writers, _end * 2);
            _writers[_end++] = writer;
            return true;
        }
    }

    /// <summary>Makes the writes, oldest first, and those that they lead to. Each one is a step of <paramref name="thread"/>'s work.</summary>
    public void Flush(LoopThread thread)
    {
        while (TryTake() is { } writer)
        {
            try
            {
                writer.WritePending();
            }
            catch (Exception exception)
            {
                onFailed(exception);
            }

            thread.Step();
        }
    }

    /// <summary>Puts nothing off any more.</summary>
    public void Close()
    {
        lock (_gate)
            _open = false;
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
