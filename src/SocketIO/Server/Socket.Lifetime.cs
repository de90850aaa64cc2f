using EngineIO.Sessions;
using SocketIO.Adapters;

namespace SocketIO.Server;

public sealed partial class Socket
{
    private Action<DisconnectReason>? _disconnecting;
    private Action<DisconnectReason>? _disconnect;
    private bool _closing;
    private bool _leaving;
    private volatile bool _left;
    private DrainDeadline? _drainDeadline;
    private DisconnectReason _reason;

    /// <summary>Told when it is disconnected, before the rooms are left. By any thread; what it throws is logged.</summary>
    public void OnDisconnecting(Action<DisconnectReason> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate) _disconnecting += handler;
    }

    /// <summary>Told when it is disconnected and has left its rooms: no handler of an event begins after this. By any thread; what it throws is logged.</summary>
    public void OnDisconnect(Action<DisconnectReason> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate) _disconnect += handler;
    }

    /// <summary>
    /// Begins the end. From here on nothing is sent, acks fail, and no event is taken. The rest waits for the events that have
    /// come before, unless it is to be immediate: a client that sends and hangs up has still sent.
    /// </summary>
    internal void Close(DisconnectReason reason, bool immediately = false)
    {
        Dictionary<long, IAckReceiver>? acks;
        CancellationTokenSource? disconnected;
        bool now;
        lock (_gate)
        {
            if (_closing) return;
            _closing = true;
            _connected = false;
            _held = null;
            _reason = reason;
            (acks, _acks) = (_acks, null);
            disconnected = _disconnected;
            now = immediately || !_busy;
            if (immediately) DropPending();
        }

        Client.Remove(this);
        try
        {
            disconnected?.Cancel();
        }
        catch (AggregateException exception)
        {
            Server.Log.DisconnectHandlerFailed(exception, Namespace.Name, Id);
        }

        foreach (var ack in acks?.Values ?? Enumerable.Empty<IAckReceiver>()) ack.OnDisconnected();
        if (now) Leave();
        else StartDrainDeadline();
    }

    private void StartDrainDeadline()
    {
        var deadline = new DrainDeadline(this);
        lock (_gate)
        {
            if (_leaving) return;
            _drainDeadline = deadline;
        }

        Server.Engine.Wheel.Schedule(deadline, Server.Options.DisconnectDrainTimeout);
    }

    /// <summary>It was refused, or its connection went before it was connected: nobody is told.</summary>
    internal void Abandon()
    {
        Close(DisconnectReason.ForcedClose, immediately: true);
        Leave();
    }

    // The second half of closing; does its work once, whoever comes first.
    private void Leave()
    {
        bool announced;
        lock (_gate)
        {
            if (_leaving) return;
            _leaving = true;
            announced = _announced;
            DropPending();
        }

        if (_drainDeadline is not null) Server.Engine.Wheel.Cancel(_drainDeadline);
        PersistedSession? session = null;
        if (announced)
        {
            Notify(_disconnecting);
            if (Pid is not null && IsRecoverable(_reason))
                session = new PersistedSession(Id, Pid, Rooms, Data) { ProvenPlace = Interlocked.Read(ref _provenPlace) };
        }

        _left = true;
        CallAdapter(adapter => adapter.DelAll(this));

        // After the rooms are left: a socket that takes the session up has the same id, and must not find this one in its place there.
        if (session is not null) CallAdapter(adapter => adapter.PersistSession(session));
        Namespace.Remove(this);
        if (!announced) return;
        Server.Log.Disconnected(Namespace.Name, Id, _reason.ToWire());
        Notify(_disconnect);
    }

    // An adapter that fails, for instance one that talks to other servers, must not keep a socket that has gone.
    private void CallAdapter(Action<IAdapter> call)
    {
        try
        {
            call(Namespace.Adapter);
        }
        catch (Exception exception)
        {
            Server.Log.AdapterLeaveFailed(exception, Namespace.Name, Id);
        }
    }

    private void Notify(Action<DisconnectReason>? handlers)
    {
        foreach (var handler in Delegate.EnumerateInvocationList(handlers))
        {
            try
            {
                handler(_reason);
            }
            catch (Exception exception)
            {
                Server.Log.DisconnectHandlerFailed(exception, Namespace.Name, Id);
            }
        }
    }

    private static bool IsRecoverable(DisconnectReason reason) =>
        reason is DisconnectReason.TransportClose or DisconnectReason.TransportError or DisconnectReason.PingTimeout
            or DisconnectReason.ForcedClose or DisconnectReason.ForcedServerClose or DisconnectReason.ServerShuttingDown;

    /// <summary>Ends the wait for the events of a client that has gone: a handler that hangs must not keep the socket in its rooms.</summary>
    private sealed class DrainDeadline(Socket socket) : TimingWheelEntry
    {
        // Disconnect handlers are the application's: not on the wheel's thread.
        protected override void OnDue() => ThreadPool.UnsafeQueueUserWorkItem(static socket => socket.Leave(), socket, preferLocal: false);
    }
}
