using EngineIO.Sessions;
using EngineIO.Transports;
using SocketIO.Adapters;
using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>One client in one namespace.</summary>
/// <remarks>
/// Threading: all members may be called by any thread. Events of one socket are handled one after the other, begun by the
/// thread that reads the connection: a handler that completes without waiting costs no queue and no task. While a handler
/// waits, further events of the socket wait in its queue, acknowledgements do not; when
/// <see cref="SocketIOOptions.MaxPendingEvents"/> or <see cref="SocketIOOptions.MaxPendingEventBytes"/> wait, nothing more is
/// read from that client until some are done. <c>_gate</c> guards the queue, the listeners, the table of acks and the
/// state; it is never held while application code runs. When the connection is lost, events that have already come are
/// still handled, and <see cref="OnDisconnect"/> is told after them; sending fails from the first moment on.
/// </remarks>
#pragma warning disable CA1001 // The token source has neither a timer nor a link: canceling it is all that its end needs.
public sealed partial class Socket
#pragma warning restore CA1001
{
    private readonly Lock _gate = new();
    private CancellationTokenSource? _disconnected;
    private volatile bool _connected;
    private List<OutboundMessage>? _held;
    private bool _announced;

    internal Socket(Namespace ns, Client client, string id, SocketHandshake handshake)
    {
        (Namespace, Client, Id, Handshake) = (ns, client, id, handshake);
    }

    /// <summary>Its id, unguessable, not the connection's: 20 characters.</summary>
    public string Id { get; }

    /// <summary>The namespace it is in.</summary>
    public Namespace Namespace { get; }

    /// <summary>How it was opened.</summary>
    public SocketHandshake Handshake { get; }

    /// <summary>Whether it is connected: true from just before the connection handlers, false as soon as the connection is lost.</summary>
    public bool Connected
    {
        get
        {
            if (_connected) return true;

            // The client may be being told at this moment.
            lock (_gate) return _connected;
        }
    }

    /// <summary>Whether this socket took up a session again, with its id, its rooms and its data, and has been sent what it missed.</summary>
    public bool Recovered { get; internal init; }

    /// <summary>Whatever the application keeps with the socket, one object.</summary>
    public object? Data { get; set; }

    /// <summary>Canceled when the socket is disconnected.</summary>
    public CancellationToken Disconnected
    {
        get
        {
            lock (_gate)
            {
                // One is made for who asks: most sockets never need it.
                if (_disconnected is null)
                {
                    if (_closing) return new CancellationToken(canceled: true);
                    _disconnected = new CancellationTokenSource();
                }

                return _disconnected.Token;
            }
        }
    }

    /// <summary>The rooms it is in, its own (<see cref="Id"/>) included. A snapshot.</summary>
    public IReadOnlyCollection<string> Rooms => Namespace.Adapter.SocketRooms(Id) ?? (IReadOnlyCollection<string>)[];

    /// <summary>The connection below, which sockets of several namespaces share.</summary>
    public EngineSession Session => Client.Session;

    internal Client Client { get; }

    internal SocketIOServer Server => Namespace.Server;

    /// <summary>The private id of its session; null while recovery is off.</summary>
    internal string? Pid { get; init; }

    /// <summary>Puts it into a room. Nothing happens when it is there already, or has been disconnected.</summary>
    /// <exception cref="InvalidOperationException">It is in <see cref="SocketIOOptions.MaxRoomsPerSocket"/> rooms.</exception>
    public void Join(string room)
    {
        ArgumentNullException.ThrowIfNull(room);
        Namespace.Adapter.AddAll(this, room);
    }

    /// <summary>Puts it into rooms.</summary>
    /// <exception cref="InvalidOperationException">It is in <see cref="SocketIOOptions.MaxRoomsPerSocket"/> rooms.</exception>
    public void Join(IEnumerable<string> rooms)
    {
        ArgumentNullException.ThrowIfNull(rooms);
        Namespace.Adapter.AddAll(this, [.. rooms]);
    }

    /// <summary>Takes it out of a room. Nothing happens when it is not there.</summary>
    public void Leave(string room)
    {
        ArgumentNullException.ThrowIfNull(room);
        Namespace.Adapter.Del(this, room);
    }

    /// <summary>Whether it is in a room.</summary>
    public bool IsIn(string room)
    {
        ArgumentNullException.ThrowIfNull(room);
        return Namespace.Adapter is InMemoryAdapter adapter ? adapter.IsIn(this, room) : Namespace.Adapter.SocketRooms(Id)?.Contains(room) == true;
    }

    /// <summary>
    /// Ends it, at once: events that wait are dropped, and <see cref="OnDisconnect"/> has been told when this returns. A socket
    /// that is not connected (any more, or yet: middleware refuses by throwing) is left alone.
    /// </summary>
    /// <param name="closeConnection">
    /// False tells the client that this namespace is left and keeps the connection; true ends the sockets of every namespace and
    /// closes the connection, after what was sent before.
    /// </param>
    public void Disconnect(bool closeConnection = false)
    {
        if (closeConnection) Client.DisconnectAll();
        else if (Connected) DisconnectByServer();
    }

    internal void DisconnectByServer()
    {
        // The client may connect to the namespace again as soon as it has this.
        Client.Remove(this);
        Client.Session.Send(Server.Parser.EncodeControl(SocketPacketType.Disconnect, Namespace.Name, default));
        Close(DisconnectReason.ServerNamespaceDisconnect, immediately: true);
    }

    /// <summary>Whether it has not begun to close; a socket whose middleware is still running is open and not connected.</summary>
    internal bool IsOpen
    {
        get
        {
            lock (_gate) return !_closing;
        }
    }

    /// <summary>Whether the adapter may still take it into rooms.</summary>
    internal bool MayJoin => !_left;

    /// <summary>
    /// For adapters, in <see cref="IAdapter.JoinRestored"/>, in the same step as finding what was missed: what is sent to the
    /// socket from now on is kept until it has been told that it is connected, and what it has missed.
    /// </summary>
    public void HoldEvents()
    {
        lock (_gate)
        {
            if (!_connected && !_closing) _held ??= [];
        }
    }

    /// <summary>
    /// Joins its own room, tells the client, and may be sent to from then on. False when the connection has gone meanwhile, or
    /// when what a restored session has missed is no longer there.
    /// </summary>
    internal bool Announce(OutboundMessage connectPacket, PersistedSession? session, string? offset)
    {
        IReadOnlyList<OutboundMessage>? missed = [];
        if (session is null)
        {
            HoldEvents();
            Namespace.Adapter.AddAll(this, Id);
        }
        else
        {
            Prove(session.ProvenPlace);
            missed = Namespace.Adapter.JoinRestored(this, session, offset!);
        }

        if (missed is null) return false;

        // In one step: as soon as the client knows that it is connected, whoever looks for the socket must find it so. Sending fills a queue and calls nobody.
        lock (_gate)
        {
            if (_closing || !Client.Session.Send(connectPacket)) return false;
            foreach (var message in missed) Client.Session.Send(message);
            foreach (var message in _held ?? []) Client.Session.Send(message);
            _held = null;
            _announced = true;
            _connected = true;
            return true;
        }
    }

    /// <summary>Enqueues a message. False when it is not connected, or a volatile one would have to wait.</summary>
    internal bool Send(OutboundMessage message, bool isVolatile = false)
    {
        if (!_connected)
        {
            lock (_gate)
            {
                // It is being told that it is connected: nothing may come before that, and nothing after it may be lost.
                if (_held is not null && !isVolatile)
                {
                    _held.Add(message);
                    return true;
                }

                if (!_connected) return false;
            }
        }

        var session = Client.Session;
        return (!isVolatile || session.IsWritable) && session.Send(message);
    }

    /// <summary>Enqueues an event that other sockets may get too, and tells the listeners for what goes out.</summary>
    internal bool SendPacket(EncodedPacket packet, bool isVolatile)
    {
        if (!Send(packet.Message, isVolatile)) return false;
        if (_anyOutgoing is not null) NotifyOutgoing(packet.EventName, packet.Arguments);
        return true;
    }
}
