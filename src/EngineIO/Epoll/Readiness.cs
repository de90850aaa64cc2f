using System.Threading.Tasks.Sources;

namespace EngineIO.Epoll;

/// <summary>Whether one direction of a socket is worth trying, as edge-triggered events tell it, and the wait until it is.</summary>
/// <remarks>
/// Threading: <see cref="Signal"/> and <see cref="End"/> by any thread; the other members by the one who reads, or writes. An edge is told once: whoever is about
/// to find out that the socket has nothing (more) must call <see cref="Clear"/> before the system call, not after it, or an edge in between is lost.
/// </remarks>
internal sealed class Readiness : IValueTaskSource<int>
{
    private const int Unknown = 0;
    private const int Ready = 1;
    private const int Waiting = 2;

    private ManualResetValueTaskSourceCore<int> _wait;
    private int _state;
    private volatile bool _ended;

    /// <summary>Whether who waits goes on in a thread of the pool. False lets them go on inside of <see cref="Signal"/>.</summary>
    public bool ContinuesOnThreadPool
    {
        get => _wait.RunContinuationsAsynchronously;
        set => _wait.RunContinuationsAsynchronously = value;
    }

    /// <summary>Whether nothing is told any more.</summary>
    public bool HasEnded => _ended;

    /// <summary>It is worth trying.</summary>
    public void Signal()
    {
        if (Interlocked.Exchange(ref _state, Ready) == Waiting)
            _wait.SetResult(0);
    }

    /// <summary>From now on it is always worth trying: nothing is told any more.</summary>
    public void End()
    {
        _ended = true;
        Signal();
    }

    /// <summary>Forgets what was told so far.</summary>
    public void Clear() => Interlocked.Exchange(ref _state, Unknown);

    /// <summary>Ends a wait with <see cref="OperationCanceledException"/>.</summary>
    public void Cancel(CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _state, Unknown, Waiting) == Waiting)
            _wait.SetException(new OperationCanceledException(cancellationToken));
    }

    /// <summary>Completes, always with 0, when it is worth trying; at once if so already. One wait at a time.</summary>
    public ValueTask<int> WaitAsync()
    {
        if (_ended || Volatile.Read(ref _state) == Ready)
            return default;
        _wait.Reset();
        return Interlocked.CompareExchange(ref _state, Waiting, Unknown) == Unknown ? new ValueTask<int>(this, _wait.Version) : default;
    }

    int IValueTaskSource<int>.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);
}
