using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace EngineIO.Epoll;

/// <summary>A set of files whose events one thread at a time takes in and handles: the leader.</summary>
/// <remarks>
/// Threading: any thread adds and removes files; <c>_gate</c> guards the table of who they belong to, which the leader reads without it. Handlers run inside of the
/// loop, so one that blocks would hold up everybody else on it: the <see cref="LoopWatch"/> then gives the loop to another thread. That one goes on with what is
/// left of the batch (each event is taken once), makes the writes that were put off, and waits for the next events; the blocked thread finishes its handler
/// and finds that it leads no more. Writes that others put off are the loop's, not a leader's: any thread adds them, and whoever leads makes them. <c>_lead</c> says in one word whose turn it is and whether they are handling or waiting, so that only a
/// leader who is handling can be replaced, and one who was replaced cannot wait.
/// </remarks>
internal sealed partial class EpollLoop : IDisposable
{
    /// <summary>Threads that handlers may hold at the same time; when all are held nobody takes over any more.</summary>
    private const int MostThreads = 64;

    /// <summary>Writes of others that a round makes: events that have come meanwhile are handled before the rest.</summary>
    private const int MostPosted = 256;

    private const long Handling = 1;

    private static readonly TimeSpan QuietTime = TimeSpan.FromMinutes(1);

    // Once in a process: it is the same for all loops.
    private static int _toldOfNoRing;

    private readonly Lock _gate = new();
    private readonly int _epoll;
    private readonly int _wake;
    private readonly LoopWatch _watch;
    private readonly bool _ioUring;
    private readonly ILogger _logger;
    private readonly Cork _posted;
    private readonly string _name;
    private readonly Stack<LoopThread> _spare = new();
    private volatile IEventSink?[] _sinks = new IEventSink?[64];
    private int[] _free = [];
    private int _freeCount;
    private int _used;
    private uint _generation;
    private int _threads;
    private LoopThread? _leader;
    private LoopTerm? _term;
    private long _quietUntil;
    private long _lead = Handling;
    private volatile bool _disposed;

    public EpollLoop(string name, LoopWatch watch, bool ioUring, ILogger logger)
    {
        _name = name;
        _watch = watch;
        _ioUring = ioUring;
        _logger = logger;
        _posted = new Cork(OnFailed);
        _epoll = Check(Libc.EpollCreate(Libc.CloseOnExec), "epoll_create1");
        _wake = Check(Libc.EventFile(0, Libc.CloseOnExec | Libc.NonBlocking), "eventfd");

        // Each write to it is an edge: nobody has to read it.
        Check(EventBatch.Add(_epoll, _wake, Libc.EpollIn | Libc.EpollEdgeTriggered, ulong.MaxValue), "epoll_ctl");
    }

    /// <summary>How far the leader has come; the same twice in a row means that it is held up. Null when it waits for events.</summary>
    public long? Progress
    {
        get
        {
            var lead = Volatile.Read(ref _lead);
            return (lead & Handling) == 0 ? null : (lead << 24) ^ _leader!.Progress;
        }
    }

    public void Start()
    {
        _threads = 1;
        _leader = new LoopThread(this, $"{_name} 1");
        _term = new LoopTerm(Handling, before: null, OnFailed);
        _leader.Lead(_term);
        _watch.Add(this);
    }

    /// <summary>Tells a sink of every event of a file from now on, edge by edge, until it is removed or the file is closed.</summary>
    public void Add(int file, IEventSink sink, uint events)
    {
        int slot;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            slot = _freeCount > 0 ? _free[--_freeCount] : _used++;
            var sinks = _sinks;
            if (slot == sinks.Length)
            {
                Array.Resize(ref sinks, slot * 2);
                _sinks = sinks;
            }

            sink.Token = ((ulong)++_generation << 32) | (uint)slot;
            Volatile.Write(ref sinks[slot], sink);
            if (EventBatch.Add(_epoll, file, events, sink.Token) == 0)
                return;
        }

        var error = Marshal.GetLastPInvokeErrorMessage();
        Remove(sink);
        throw new IOException($"epoll_ctl failed: {error}.");
    }

    /// <summary>Has the system tell of a file no more that stays open.</summary>
    public unsafe void Forget(int file, IEventSink sink)
    {
        Remove(sink);
        lock (_gate)
        {
            if (!_disposed)
                _ = Libc.EpollControl(_epoll, Libc.EpollCtlDel, file, null);
        }
    }

    /// <summary>Tells it of nothing any more. The system forgets a file when it is closed.</summary>
    public void Remove(IEventSink sink)
    {
        lock (_gate)
        {
            var slot = (int)(uint)sink.Token;
            if (_sinks[slot] != sink)
                return;
            _sinks[slot] = null;
            if (_freeCount == _free.Length)
                Array.Resize(ref _free, Math.Max(64, _freeCount * 2));
            _free[_freeCount++] = slot;
        }
    }

    /// <summary>Gives the loop a write. It is made when the loop is woken, if not before. False when the loop has ended.</summary>
    public bool TryPost(IPendingWriter writer) => _posted.TryAdd(writer);

    /// <summary>Has the loop make the writes that it was given.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            if (!_disposed)
                Signal();
        }
    }

    /// <summary>Lets a thread lead until it has lost the loop or the loop ends.</summary>
    internal void Run(LoopThread thread, LoopTerm term)
    {
        term.Finish(this, thread);
        var handling = term.Turn | Handling;
        var waiting = term.Turn & ~Handling;
        while (true)
        {
            var none = _posted.Flush(thread, MostPosted) & term.Cork.Flush(thread);
            if (Interlocked.CompareExchange(ref _lead, waiting, handling) != handling)
                return;
            if (_disposed)
            {
                CloseFiles();
                return;
            }

            var count = term.Batch.Wait(_epoll, none ? EventBatch.NoTimeout : 0);
            Interlocked.Exchange(ref _lead, handling);
            thread.Step();
            if (count < 0 && Marshal.GetLastPInvokeError() != Libc.Interrupted)
                throw new IOException($"epoll_wait failed: {Marshal.GetLastPInvokeErrorMessage()}.");
            _watch.Wake();
            Dispatch(thread, term.Batch, term.Turn);
        }
    }

    /// <summary>Hands events to those whom they are for. False when the thread leads no more.</summary>
    internal bool Dispatch(LoopThread thread, EventBatch batch, long turn)
    {
        while (batch.TryTake(out var events, out var token))
        {
            var sinks = _sinks;
            var slot = (uint)token;
            if (slot < sinks.Length && Volatile.Read(ref sinks[slot]) is { } sink && sink.Token == token)
            {
                try
                {
                    sink.OnEvents(events);
                }
                catch (Exception exception)
                {
                    OnFailed(exception);
                }
            }

            thread.Step();
            if ((Volatile.Read(ref _lead) | Handling) != (turn | Handling))
                return false;
        }

        return true;
    }

    /// <summary>Gives the loop to another thread when its leader has not come further since <paramref name="progress"/>.</summary>
    internal void TakeOver(long progress)
    {
        LoopThread next;
        LoopTerm term;
        lock (_gate)
        {
            if (_disposed || Progress != progress)
                return;
            if (_spare.Count == 0 && _threads == MostThreads)
            {
                if (MayTell())
                    LogAllHeld(_logger, MostThreads);
                return;
            }

            // The thread first: a loop that is taken from one and given to none would stand still.
            if (TryFindThread() is not { } found)
                return;
            next = found;
            var lead = Volatile.Read(ref _lead);
            term = new LoopTerm((lead | Handling) + 2, _term, OnFailed);
            if (Interlocked.CompareExchange(ref _lead, term.Turn, lead | Handling) != (lead | Handling))
            {
                // It has gone on at this very moment.
                _spare.Push(next);
                return;
            }

            (_leader, _term) = (next, term);
        }

        next.Lead(term);
        if (MayTell())
            LogHeldUp(_logger, _name);
    }

    /// <summary>A spare thread or a new one; null when the system gives none, and the watch tries again. The lock is held.</summary>
    private LoopThread? TryFindThread()
    {
        if (_spare.TryPop(out var spare))
            return spare;
        try
        {
            var thread = new LoopThread(this, $"{_name} {_threads + 1}");
            _threads++;
            return thread;
        }
        catch (OutOfMemoryException exception)
        {
            // So says the runtime also when the process may open no further file: a thread that starts needs some.
            if (MayTell())
                LogNoThread(_logger, exception, _name);
            return null;
        }
    }

    // A handler that blocks does so each time: it is not told each time. By the watch's thread.
    private bool MayTell()
    {
        var now = Environment.TickCount64;
        if (now < _quietUntil)
            return false;
        _quietUntil = now + (long)QuietTime.TotalMilliseconds;
        return true;
    }

    /// <summary>Means for a thread to write to several connections at a time; null when there are none.</summary>
    internal SendBatch? TryCreateBatch()
    {
        if (!_ioUring)
            return null;
        var batch = SendBatch.TryCreate();
        if (batch is null && Interlocked.Exchange(ref _toldOfNoRing, 1) == 0)
            LogNoRing(_logger);
        return batch;
    }

    /// <summary>A thread that lost the loop has come back. False when it is not needed any more.</summary>
    internal bool Keep(LoopThread thread)
    {
        const int MostSpare = 2;
        lock (_gate)
        {
            if (_disposed || _spare.Count >= MostSpare)
            {
                _threads--;
                return false;
            }

            _spare.Push(thread);
            return true;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            while (_spare.TryPop(out var thread))
                thread.End();

            // The leader, who may find out at once that it is over, closes the files only after this.
            Signal();
        }

        _watch.Remove(this);
        foreach (var sink in Sinks())
            (sink as IDisposable)?.Dispose();

        // On connections that are closed now: each fails, and its session learns of it.
        _posted.Close();
        _posted.Flush(thread: null);
    }

    /// <summary>Whoever is told of something. A snapshot.</summary>
    public IReadOnlyList<IEventSink?> Sinks()
    {
        lock (_gate)
            return [.. _sinks];
    }

    private unsafe void Signal()
    {
        ulong one = 1;
        _ = Libc.Write(_wake, (byte*)&one, sizeof(ulong));
    }

    // By the last leader: nobody waits for events any more.
    private void CloseFiles()
    {
        lock (_gate)
        {
            _ = Libc.Close(_wake);
            _ = Libc.Close(_epoll);
        }
    }

    private void OnFailed(Exception exception) => LogSinkFailed(_logger, exception);

    private static int Check(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call} failed: {Marshal.GetLastPInvokeErrorMessage()}.");

    [LoggerMessage(EventId = 30, Level = LogLevel.Warning, Message = "A handler held {Loop} up, and another thread goes on with it: handlers should await what takes long instead of blocking")]
    private static partial void LogHeldUp(ILogger logger, string loop);

    [LoggerMessage(EventId = 31, Level = LogLevel.Error, Message = "{Threads} threads of an event loop are held up by handlers that block: its other connections wait for them")]
    private static partial void LogAllHeld(ILogger logger, int threads);

    [LoggerMessage(EventId = 36, Level = LogLevel.Error, Message = "A handler holds {Loop} up, and the system gives no thread that could go on with it")]
    private static partial void LogNoThread(ILogger logger, Exception exception, string loop);

    [LoggerMessage(EventId = 37, Level = LogLevel.Information, Message = "The system gives no io_uring: each connection is written to with a system call of its own")]
    private static partial void LogNoRing(ILogger logger);

    [LoggerMessage(EventId = 32, Level = LogLevel.Error, Message = "What was to be done for a connection has failed")]
    private static partial void LogSinkFailed(ILogger logger, Exception exception);
}
