using EngineIO.Protocol;
using EngineIO.Transports;

namespace EngineIO.Sessions;

/// <summary>One client connection, as messages, over whichever transport it uses at the moment. All members are thread-safe.</summary>
/// <remarks>
/// Threading: anybody may send and close; one reader at a time (the request that carries a POST, or the WebSocket's loop) brings messages.
/// One lock guards the state, the queue, which transport is in use and the transport's own writing state; nothing is
/// written, and neither the application nor the clock is called, while it is held. Whoever finds the transport free to write claims it under the lock and
/// writes after leaving it, so that messages leave in the order in which they were enqueued and a sender never waits
/// for a client. A task for each session that does the writing was rejected: it costs memory while idle and a change of threads for each message.
/// </remarks>
public sealed partial class EngineSession
{
    private readonly IEngineHost _host;
    private readonly Heartbeat _heartbeat;
    private IEngineSessionHandler? _handler;
    private ITransport _transport;
    private UpgradeAttempt? _upgrade;
    private SessionState _state;
    private CloseReason _closeReason;
    private Exception? _closeException;
    private bool _handling;

    internal EngineSession(string id, EngineHandshake handshake, IEngineHost host, Func<EngineSession, ITransport> transport)
    {
        Id = id;
        Handshake = handshake;
        _host = host;
        Queue = new OutboundQueue(host.Options, host.Budget, host.Time);
        _heartbeat = new Heartbeat(this, host);
        _transport = transport(this);
    }

    private enum SessionState
    {
        Open,
        Closing,
        Closed,
    }

    /// <summary>Its id, unguessable.</summary>
    public string Id { get; }

    /// <summary>The request that opened it.</summary>
    public EngineHandshake Handshake { get; }

    /// <summary>The transport in use.</summary>
    public EngineTransports Transport
    {
        get
        {
            lock (Gate)
                return _transport.Kind;
        }
    }

    /// <summary>Whether it is open: false from the moment a close has begun.</summary>
    public bool IsOpen
    {
        get
        {
            lock (Gate)
                return _state == SessionState.Open;
        }
    }

    /// <summary>Whether what is sent now would leave at once: the transport can write and nothing waits. What is volatile is dropped otherwise.</summary>
    public bool IsWritable
    {
        get
        {
            lock (Gate)
                return _state == SessionState.Open && _transport.IsWritable;
        }
    }

    /// <summary>Guards everything that changes in the session and in the transport it uses.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>What waits to be written. Under <see cref="Gate"/> only.</summary>
    internal OutboundQueue Queue { get; }

    /// <summary>Whether the session ends as soon as the queue is empty. Under <see cref="Gate"/> only.</summary>
    internal bool IsDraining => _state == SessionState.Closing;

    /// <summary>Whether it has not ended yet; it may be closing. Under <see cref="Gate"/>, or as a hint.</summary>
    internal bool IsServed => _state != SessionState.Closed;

    /// <summary>Whether the application still handles a message, so that nothing is read.</summary>
    internal bool IsHandling
    {
        get
        {
            lock (Gate)
                return _handling;
        }
    }

    /// <summary>Enqueues and returns; never waits for the peer. False when the session is closing or closed.</summary>
    /// <remarks>
    /// When nothing waits and the transport is free, it is written at once on the caller's thread, unless it is kept back (<see cref="Cork"/>). When a limit of the queue is
    /// reached the message is not taken and the session is closed with <see cref="CloseReason.SlowConsumer"/>.
    /// </remarks>
    public bool Send(OutboundMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Send(message, alsoWhileClosing: false);
    }

    /// <summary>Completes when at most that many bytes wait for the client to take them, at once if so already; also when the session ends.</summary>
    /// <remarks>
    /// For an application that has more to send than a queue may hold: it sends some, waits, and sends on at the client's own pace. A client that takes nothing is
    /// waited for until the heartbeat, or another sender's full queue, ends its session.
    /// </remarks>
    /// <param name="maxQueuedBytes">Bytes that may still wait, 0 or more.</param>
    public async ValueTask DrainAsync(long maxQueuedBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxQueuedBytes);
        while (true)
        {
            Task? shrunk = null;
            ITransport? transport;
            lock (Gate)
            {
                // What is kept back would be waited for in vain.
                transport = EndCork(all: true);
                if (transport is null && Queue.HasShrunkTo(maxQueuedBytes, out shrunk))
                    return;
            }

            transport?.Write(direct: null);
            if (shrunk is null)
                continue;

#pragma warning disable VSTHRD003 // Completed by whoever takes from the queue; nothing there waits for this.
            await shrunk;
#pragma warning restore VSTHRD003
        }
    }

    /// <summary>
    /// Keeps back what is sent from now on, until <see cref="Uncork"/> has been called as often: it then leaves at once and together. For an application that has something to
    /// finish before the client can know of what it is sent.
    /// </summary>
    /// <remarks>
    /// Pings are kept back too. Ended early by <see cref="Close"/>, by <see cref="DrainAsync"/>, and when more is sent than a queue may hold. Nothing happens when the session is
    /// closing or closed.
    /// </remarks>
    public void Cork()
    {
        lock (Gate)
        {
            if (_state == SessionState.Open)
                Queue.Cork();
        }
    }

    /// <summary>Takes back a call of <see cref="Cork"/>. Nothing happens when none is left.</summary>
    public void Uncork()
    {
        ITransport? transport;
        lock (Gate)
            transport = EndCork(all: false);
        transport?.Write(direct: null);
    }

    /// <summary>Ends the session; what is queued is sent first unless <paramref name="discard"/>. Idempotent.</summary>
    /// <param name="reason">What the handler, the log and the metric are told.</param>
    /// <param name="discard">True throws away what is queued and ends the session before this returns.</param>
    /// <remarks>What is queued has <see cref="EngineIOOptions.CloseTimeout"/> to leave; then it is thrown away.</remarks>
    public void Close(CloseReason reason = CloseReason.ForcedClose, bool discard = false)
    {
        ITransport? transport = null;
        lock (Gate)
        {
            if (_state == SessionState.Closed || (_state == SessionState.Closing && !discard))
                return;
            if (!discard)
            {
                _state = SessionState.Closing;
                _closeReason = reason;
                Queue.Uncork(all: true);
                if (_transport.TryClaimWrite(direct: null))
                    transport = _transport;
            }
        }

        if (discard)
        {
            End(reason, exception: null);
            return;
        }

        _heartbeat.StartClosing();
        transport?.Write(direct: null);
    }

    /// <summary>Starts the heartbeat and gives the session to the application.</summary>
    internal void Open(IEngineSessionHandler handler)
    {
        bool ended;
        CloseReason reason;
        Exception? exception;
        lock (Gate)
        {
            _handler = handler;
            ended = _state == SessionState.Closed;
            reason = _closeReason;
            exception = _closeException;
        }

        if (!ended)
            _heartbeat.Start();
        else
            NotifyClosed(handler, reason, exception);
    }

    /// <summary>Sends a packet of the protocol's own, or a control frame; a session that is closing still sends them.</summary>
    internal bool SendControl(OutboundMessage packet) => Send(packet, alsoWhileClosing: true);

    /// <summary>Sends a ping. By the clock's thread, which leaves the write to the connection's event loop if it has one.</summary>
    internal void SendPing(OutboundMessage ping)
    {
        lock (Gate)
        {
            // Whoever can be put off writes nothing at the moment and has an empty queue, which takes any message.
            if (_state == SessionState.Open && Queue.Count == 0 && _transport.TryPutOffWrite(_host.Wakes))
            {
                Queue.TryEnqueue(ping);
                return;
            }
        }

        SendControl(ping);
    }

    /// <summary>Ends the session if its pong is overdue. True when it has ended, now or before.</summary>
    internal bool EndIfOverdue()
    {
        if (_heartbeat.IsOverdue)
            End(CloseReason.PingTimeout, exception: null);
        return !IsServed;
    }

    /// <summary>What was asked to be sent before a close has been sent, or there is no more time for it.</summary>
    internal void OnDrained(bool notifyLater = false) => End(_closeReason, exception: null, notifyLater: notifyLater);

    /// <summary>Ends the session now. The first call decides the reason; further ones do nothing.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="exception">What has caused it, if anything was thrown.</param>
    /// <param name="polling">What a poll that waits is answered with.</param>
    /// <param name="notifyLater">
    /// True tells the application on a thread of the pool. It is for those who are inside a send or on the clock's thread: what the application does at the end of a
    /// session may wait for what the sender holds, may send to the next client that is too slow, and that to the next, and must not hold up the clock.
    /// </param>
    internal void End(CloseReason reason, Exception? exception, PollEnding polling = PollEnding.Close, bool notifyLater = false)
    {
        if (TryBeginEnd(reason, exception) is { } ending)
            FinishEnd(ending, polling, notifyLater);
    }

    /// <summary>The first half of <see cref="End"/>: nothing waits here any more, and nothing is taken. Null when it had ended before.</summary>
    internal SessionEnding? TryBeginEnd(CloseReason reason, Exception? exception)
    {
        lock (Gate)
        {
            if (_state == SessionState.Closed)
                return null;
            if (_state == SessionState.Closing && reason != CloseReason.SlowConsumer)
                reason = _closeReason;
            _state = SessionState.Closed;
            _closeReason = reason;
            _closeException = exception;
            Queue.Clear();
            var upgrade = _upgrade;
            _upgrade = null;

            // While a message is being handled, whoever brought it tells the application afterwards.
            return new SessionEnding(_transport, upgrade, _handler, _handling);
        }
    }

    /// <summary>The second half of <see cref="End"/>: the client and the application are told. No lock of the caller's may be held.</summary>
    internal void FinishEnd(SessionEnding ending, PollEnding polling, bool notifyLater)
    {
        // Nobody changes them any more.
        var (reason, exception) = (_closeReason, _closeException);
        _heartbeat.Stop();
        if (_incomplete is { } incomplete)
            _host.Incomplete.End(incomplete);
        ending.Upgrade?.Abandon();
        if (ending.Transport is PollingTransport poll)
            poll.End(polling);
        else
            ending.Transport.Close(reason);
        _host.OnEnded(this, reason, exception);
        if (ending.Handler is not { } handler)
            return;
        if (ending.Handling)
            handler.OnEndedWhileHandling();
        else if (notifyLater)
            ThreadPool.UnsafeQueueUserWorkItem(static told => told.Session.NotifyClosed(told.Handler, told.Reason, told.Exception), (Session: this, Handler: handler, Reason: reason, Exception: exception), preferLocal: false);
        else
            NotifyClosed(handler, reason, exception);
    }

    /// <summary>Makes a write that was put off until the end of a loop's round.</summary>
    internal void WritePutOff()
    {
        ITransport transport;
        lock (Gate)
        {
            transport = _transport;
            if (!transport.TryTakeCorked(long.MaxValue))
                return;
        }

        transport.Write(direct: null);
    }

    /// <summary>What it holds of the server's memory, and for how long its client has taken nothing.</summary>
    internal (long Bytes, TimeSpan StalledFor) Backlog
    {
        get
        {
            lock (Gate)
                return (Queue.HeldBytes, Queue.StalledFor);
        }
    }

    /// <summary>Takes in one packet. False when nothing further is to be read from this transport.</summary>
    internal ValueTask<bool> ReceiveAsync(PacketType type, ReadOnlyMemory<byte> body)
    {
        switch (type)
        {
            case PacketType.Message:
                return HandleAsync(body, binary: false);
            case PacketType.Pong:
                _heartbeat.OnPong();
                return new ValueTask<bool>(true);
            case PacketType.Close:
                End(CloseReason.TransportClose, exception: null, PollEnding.Noop);
                return new ValueTask<bool>(false);
            case PacketType.Ping:
                // In this protocol the server pings; a client that does speaks an older one.
                End(CloseReason.TransportError, new ProtocolViolationException("The client sent a ping; in protocol 4 only the server does."));
                return new ValueTask<bool>(false);
            default:
                // The official server ignores the types that only a server sends.
                return new ValueTask<bool>(true);
        }
    }

    /// <summary>Gives a message to the application and waits for it. False when the session has ended.</summary>
    /// <remarks>An application that does not wait costs no asynchronous frame. The data must stay until this has completed.</remarks>
    internal ValueTask<bool> HandleAsync(ReadOnlyMemory<byte> data, bool binary)
    {
        lock (Gate)
        {
            if (_state != SessionState.Open)
                return new ValueTask<bool>(_state == SessionState.Closing);
            _handling = true;
        }

        try
        {
            var handling = _handler!.OnMessageAsync(data, binary);
            if (!handling.IsCompletedSuccessfully)
                return AwaitHandlingAsync(handling);
#pragma warning disable VSTHRD103 // It has completed: this only takes note of it.
            handling.GetAwaiter().GetResult();
#pragma warning restore VSTHRD103
        }
        catch (Exception exception)
        {
            FailHandling(exception);
        }

        return new ValueTask<bool>(FinishHandling());
    }

    private async ValueTask<bool> AwaitHandlingAsync(ValueTask handling)
    {
        try
        {
            await handling;
        }
        catch (Exception exception)
        {
            FailHandling(exception);
        }

        return FinishHandling();
    }

    private void FailHandling(Exception exception)
    {
        _host.OnHandlerFailed(this, exception);
        End(CloseReason.ForcedClose, exception);
    }

    /// <summary>The claim that made the caller the one reader ends here. False when the session has ended.</summary>
    private bool FinishHandling()
    {
        CloseReason reason;
        Exception? cause;
        lock (Gate)
        {
            _handling = false;
            if (_state != SessionState.Closed)
                return true;
            reason = _closeReason;
            cause = _closeException;
        }

        NotifyClosed(_handler!, reason, cause);
        return false;
    }

    private bool Send(OutboundMessage message, bool alsoWhileClosing)
    {
        ITransport transport;
        bool direct, write;
        var queued = false;
        var spent = false;
        lock (Gate)
        {
            if (_state != SessionState.Open && !(alsoWhileClosing && _state == SessionState.Closing))
                return false;
            transport = _transport;
            write = direct = Queue.Count == 0 && !Queue.IsCorked && transport.TryClaimWrite(message);
            if (!direct)
            {
                queued = Queue.TryEnqueue(message);
                spent = _host.Budget.IsSpent;

                // What was put off counts against nobody before it has been tried.
                write = (!queued && EndCork(all: true) is not null) || transport.TryTakeCorked(queued && !spent ? Queue.Bytes : long.MaxValue);
                if (!queued && !write && transport.IsWriting)
                {
                    // Nor does what comes while somebody writes: whether the client takes it is not known yet.
                    Queue.Enqueue(message);
                    queued = true;
                }

                if (queued && !write && !spent)
                    return true;
            }
        }

        if (write)
            transport.Write(direct ? message : null);
        if (spent)
            _host.RelieveQueues();
        if (direct || queued)
            return true;
        if (write)
            return Send(message, alsoWhileClosing);
        End(CloseReason.SlowConsumer, exception: null, notifyLater: true);
        return false;
    }

    // The lock is held. Not null when that leaves something for the caller to write.
    private ITransport? EndCork(bool all) => Queue.Uncork(all) && _transport.TryClaimWrite(direct: null) ? _transport : null;

    private void NotifyClosed(IEngineSessionHandler handler, CloseReason reason, Exception? exception)
    {
        try
        {
            handler.OnClosed(reason, exception);
        }
        catch (Exception failure)
        {
            _host.OnHandlerFailed(this, failure);
        }
    }
}
