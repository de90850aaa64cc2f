using System.Diagnostics;
using System.Runtime.InteropServices;

namespace LoadGenerator;

/// <summary>The generator's one thread: waits for its connections and lets each read.</summary>
internal sealed unsafe class EventLoop : IDisposable
{
    /// <summary>Length of <see cref="ReceiveBuffer"/>.</summary>
    public const int ReceiveBufferLength = 1024 * 1024;

    private const int EventsAtOnce = 1024;

    private readonly int _epoll;
    private readonly byte* _events = (byte*)NativeMemory.AllocZeroed((nuint)(EventsAtOnce * Native.EpollEvent.Size));
    private TcpConnection?[] _connections = new TcpConnection?[1024];

    public EventLoop()
    {
        _epoll = Native.EpollCreate(0);
        Native.Check(_epoll, "epoll_create1");
    }

    /// <summary>What has just been received, of whichever connection; a connection keeps only what it cannot use yet.</summary>
    public byte* ReceiveBuffer { get; } = (byte*)NativeMemory.Alloc(ReceiveBufferLength);

    /// <summary>When the events that are being handled were reported: <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public long Now { get; private set; } = Stopwatch.GetTimestamp();

    public void Add(TcpConnection connection, int descriptor, uint events)
    {
        if (descriptor >= _connections.Length) Array.Resize(ref _connections, Math.Max(descriptor + 1, _connections.Length * 2));
        _connections[descriptor] = connection;
        Control(Native.EpollAdd, descriptor, events);
    }

    public void Modify(int descriptor, uint events) => Control(Native.EpollModify, descriptor, events);

    /// <summary>Forgets a connection that is about to be closed; events of it that have been fetched already are dropped.</summary>
    public void Remove(int descriptor)
    {
        _connections[descriptor] = null;
        Control(Native.EpollRemove, descriptor, 0);
    }

    /// <summary>Handles events until something is true; fails when it is not within the time.</summary>
    public void RunUntil(Func<bool> done, double seconds, string what)
    {
        if (!TryRunUntil(done, seconds)) throw new LoadException($"{what}: not within {seconds} s");
    }

    /// <summary>Handles events until something is true; false when it is not within the time.</summary>
    public bool TryRunUntil(Func<bool> done, double seconds)
    {
        var end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        while (!done())
        {
            if (Now > end) return false;
            RunOnce(100);
        }

        return true;
    }

    /// <summary>Handles events for that long.</summary>
    public void RunFor(double seconds) => RunFor(seconds, long.MaxValue, () => long.MaxValue);

    /// <summary>
    /// Handles events for that long, and calls <paramref name="tick"/> whenever its time has come, as exactly as a thread that does
    /// nothing else can: it answers the time of its next call.
    /// </summary>
    public void RunFor(double seconds, long firstTick, Func<long> tick)
    {
        var end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        var next = firstTick;
        while (Now < end)
        {
            while (Now >= next) next = tick();

            // Whole milliseconds are slept; the last one is spent polling.
            var wait = Math.Min(next, end) - Stopwatch.GetTimestamp();
            RunOnce(wait <= 0 ? 0 : (int)Math.Min(100, wait * 1000 / Stopwatch.Frequency));
        }

        // What was due in that time and has been held up until now is not dropped.
        while (next < end) next = tick();
    }

    private void RunOnce(int timeoutMilliseconds)
    {
        var count = Native.EpollWait(_epoll, _events, EventsAtOnce, timeoutMilliseconds);
        Now = Stopwatch.GetTimestamp();
        if (count < 0 && Marshal.GetLastPInvokeError() != Native.Interrupted) Native.Check(count, "epoll_wait");
        for (var i = 0; i < count; i++)
        {
            var (events, descriptor) = Native.EpollEvent.Read(_events + (i * Native.EpollEvent.Size));
            _connections[descriptor]?.OnEvents(events);
        }
    }

    private void Control(int operation, int descriptor, uint events)
    {
        var epollEvent = stackalloc byte[16];
        Native.EpollEvent.Write(epollEvent, events, descriptor);
        Native.Check(Native.EpollControl(_epoll, operation, descriptor, epollEvent), "epoll_ctl");
    }

    public void Dispose()
    {
        _ = Native.Close(_epoll);
        NativeMemory.Free(_events);
        NativeMemory.Free(ReceiveBuffer);
    }
}
