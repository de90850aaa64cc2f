namespace EngineIO.Epoll;

/// <summary>A thread that leads an <see cref="EpollLoop"/>, or waits to be given it.</summary>
/// <remarks>Threading: whoever gives it the loop calls <see cref="Lead"/>, once for each time that it was taken from the spare ones; the rest is its own.</remarks>
#pragma warning disable CA1001 // The thread disposes of what it owns when it ends.
internal sealed class LoopThread
#pragma warning restore CA1001
{
    // There may have been no file or no memory for a moment; where it is not allowed, to ask costs nothing that often.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    private readonly EpollLoop _loop;
    private readonly SemaphoreSlim _called = new(0);
    private LoopTerm? _term;
    private bool _ended;
    private long _progress;
    private SendBatch? _batch;
    private long _noBatchUntil = long.MinValue;

    public LoopThread(EpollLoop loop, string name)
    {
        _loop = loop;
        new Thread(Run) { IsBackground = true, Name = name }.UnsafeStart();
    }

    /// <summary>Grows with every step of the work.</summary>
    public long Progress => Volatile.Read(ref _progress);

    public void Step() => Volatile.Write(ref _progress, _progress + 1);

    /// <summary>With which it writes to several connections at a time; null when the system has no means. Its own.</summary>
    public SendBatch? Batch
    {
        get
        {
            if (_batch is { IsRefused: false } || Environment.TickCount64 < _noBatchUntil)
                return _batch;
            _batch?.Dispose();
            _noBatchUntil = Environment.TickCount64 + (long)RetryAfter.TotalMilliseconds;
            return _batch = _loop.TryCreateBatch();
        }
    }

    /// <summary>Gives it the loop.</summary>
    public void Lead(LoopTerm term)
    {
        _term = term;
        _called.Release();
    }

    /// <summary>Lets a spare thread end.</summary>
    public void End()
    {
        _ended = true;
        _called.Release();
    }

    private void Run()
    {
        while (true)
        {
            _called.Wait();
            if (_ended)
                break;
            var term = _term!;
            Cork.Current = term.Cork;
            _loop.Run(this, term);
            Cork.Current = null;
            term.Cork.Close();
            term.Cork.Flush(this);
            if (!_loop.Keep(this))
                break;
        }

        _batch?.Dispose();
        _called.Dispose();
    }
}
