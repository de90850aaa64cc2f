namespace EngineIO.Epoll;

/// <summary>Sees to it that no handler holds a loop up: one thread for all loops, which looks at them only while they work.</summary>
/// <remarks>Threading: any thread calls any member. The thread sleeps while no loop handles anything; a loop that begins to wakes it.</remarks>
internal sealed class LoopWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    // A loop that has come no further when it is looked at so often is given to another thread. Twice alone happens on a machine with too much to do.
    private const int Patience = 3;

    // So that a loop with little to do does not wake it for every event.
    private const int RoundsBeforeSleep = 3;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _wake = new(0);
    private Watched[] _loops = [];
    private int _asleep;
    private volatile bool _disposed;

    public LoopWatch() => new Thread(Run) { IsBackground = true, Name = "epoll watch" }.UnsafeStart();

    public void Add(EpollLoop loop)
    {
        lock (_gate)
            _loops = [.. _loops, new Watched(loop)];
    }

    public void Remove(EpollLoop loop)
    {
        lock (_gate)
            _loops = Array.FindAll(_loops, watched => watched.Loop != loop);
    }

    /// <summary>A loop begins to handle something.</summary>
    public void Wake()
    {
        if (Volatile.Read(ref _asleep) != 0 && Interlocked.Exchange(ref _asleep, 0) != 0)
            _wake.Release();
    }

    public void Dispose()
    {
        _disposed = true;
        _wake.Release();
    }

    private void Run()
    {
        var quiet = 0;
        while (!_disposed)
        {
            quiet = Look() ? 0 : quiet + 1;
            if (quiet < RoundsBeforeSleep)
            {
                // Nobody wakes a watch that is awake, and to sleep is cheaper than to wait for nothing.
                Thread.Sleep(Interval);
                continue;
            }

            // Whoever begins after this sees it; whoever began before is seen by another look.
            Interlocked.Exchange(ref _asleep, 1);
            if (!Look())
                _wake.Wait();
            Volatile.Write(ref _asleep, 0);
            quiet = 0;
        }
    }

    /// <summary>Whether any loop handles something.</summary>
    private bool Look()
    {
        Watched[] loops;
        lock (_gate)
            loops = _loops;
        var handling = false;
        foreach (var watched in loops)
            handling |= watched.Look();
        return handling;
    }

    private sealed class Watched(EpollLoop loop)
    {
        private long? _progress;
        private int _looks;

        public EpollLoop Loop => loop;

        public bool Look()
        {
            var progress = loop.Progress;
            _looks = progress == _progress ? _looks + 1 : 1;
            _progress = progress;
            if (progress is { } stuck && _looks >= Patience)
                loop.TakeOver(stuck);
            return progress is not null;
        }
    }
}
