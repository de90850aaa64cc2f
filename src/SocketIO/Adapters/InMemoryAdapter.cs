using EngineIO.Transports;
using SocketIO.Protocol;
using SocketIO.Server;

namespace SocketIO.Adapters;

/// <summary>The adapter of a server that is alone: rooms in memory.</summary>
/// <remarks>
/// Threading: any thread calls any member. One lock guards the two tables; it is held for look-ups and single changes, never
/// while a packet is sent or a listener called: a broadcast takes the arrays of the rooms under the lock and walks them
/// without it. Someone who joins or leaves meanwhile may or may not get the packet, as if it had come a moment before.
/// A lock for each room was rejected: a room that goes while another thread joins it needs both locks, and the one lock is
/// held for less time than taking the second costs.
/// </remarks>
public class InMemoryAdapter : IAdapter
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Room> _rooms = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RoomNames> _sockets = new(StringComparer.Ordinal);
    private readonly Room _all = new();

    /// <summary>Makes the adapter of one namespace.</summary>
    public InMemoryAdapter(Namespace ns)
    {
        ArgumentNullException.ThrowIfNull(ns);
        Namespace = ns;
    }

    /// <inheritdoc />
    public event EventHandler<RoomEventArgs>? RoomCreated;

    /// <inheritdoc />
    public event EventHandler<RoomEventArgs>? RoomDeleted;

    /// <inheritdoc />
    public event EventHandler<RoomEventArgs>? RoomJoined;

    /// <inheritdoc />
    public event EventHandler<RoomEventArgs>? RoomLeft;

    /// <summary>The namespace it belongs to.</summary>
    protected Namespace Namespace { get; }

    /// <summary>How many rooms have a socket; the room that each socket has for itself counts.</summary>
    public int RoomCount
    {
        get
        {
            lock (_gate) return _rooms.Count;
        }
    }

    /// <inheritdoc />
    public virtual void Init() { }

    /// <inheritdoc />
    public virtual ValueTask CloseAsync() => ValueTask.CompletedTask;

    /// <inheritdoc />
    public virtual ValueTask<int> ServerCount(CancellationToken cancellationToken = default) => ValueTask.FromResult(1);

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">The socket would be in more rooms than <see cref="SocketIOOptions.MaxRoomsPerSocket"/>.</exception>
    public virtual void AddAll(Socket socket, params ReadOnlySpan<string> rooms)
    {
        ArgumentNullException.ThrowIfNull(socket);
        foreach (var room in rooms)
        {
            if (Add(socket, room) is not { } created) continue;
            if (created) Tell(RoomCreated, room, null);
            Tell(RoomJoined, room, socket.Id);
        }
    }

    // Null when nothing changed, otherwise whether the room is new.
    private bool? Add(Socket socket, string room)
    {
        lock (_gate)
        {
            // The socket is marked before DelAll is called: checked inside the lock, nobody can join after having left for good.
            if (!socket.MayJoin) return null;
            if (!_sockets.TryGetValue(socket.Id, out var names))
            {
                names = new RoomNames();
                _sockets.Add(socket.Id, names);
                _all.Add(socket);
            }

            if (names.Count >= Namespace.Server.Options.MaxRoomsPerSocket && !names.Contains(room))
                throw new InvalidOperationException($"A socket can be in {Namespace.Server.Options.MaxRoomsPerSocket} rooms (SocketIOOptions.MaxRoomsPerSocket).");
            if (!names.Add(room)) return null;
            var created = !_rooms.TryGetValue(room, out var members);
            if (created) _rooms.Add(room, members = new Room());
            members!.Add(socket);
            return created;
        }
    }

    /// <inheritdoc />
    public virtual void Del(Socket socket, string room)
    {
        ArgumentNullException.ThrowIfNull(socket);
        bool deleted;
        lock (_gate)
        {
            if (!_sockets.TryGetValue(socket.Id, out var names) || !names.Remove(room)) return;
            deleted = Leave(socket, room);
        }

        Tell(RoomLeft, room, socket.Id);
        if (deleted) Tell(RoomDeleted, room, null);
    }

    /// <inheritdoc />
    public virtual void DelAll(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        string[] left;
        List<string>? deleted = null;
        lock (_gate)
        {
            if (!_sockets.Remove(socket.Id, out var names)) return;
            left = names.ToArray();
            _all.Remove(socket);
            foreach (var room in left)
            {
                if (Leave(socket, room)) (deleted ??= []).Add(room);
            }
        }

        foreach (var room in left) Tell(RoomLeft, room, socket.Id);
        foreach (var room in deleted ?? []) Tell(RoomDeleted, room, null);
    }

    // A socket must get into all of its rooms, and out of them, whatever a listener throws.
    private void Tell(EventHandler<RoomEventArgs>? listeners, string room, string? socketId)
    {
        if (listeners is null) return;
        var args = new RoomEventArgs(room, socketId);
        foreach (var listener in Delegate.EnumerateInvocationList(listeners))
        {
            try
            {
                listener(this, args);
            }
            catch (Exception exception)
            {
                Namespace.Server.Log.RoomListenerFailed(exception, room, Namespace.Name);
            }
        }
    }

    private bool Leave(Socket socket, string room)
    {
        var members = _rooms[room];
        members.Remove(socket);
        if (members.Count > 0) return false;
        _rooms.Remove(room);
        return true;
    }

    /// <inheritdoc />
    public virtual void Broadcast(EncodedPacket packet, in BroadcastOptions options)
    {
        ArgumentNullException.ThrowIfNull(packet);
        var isVolatile = options.Volatile;
        using var targets = Targets(options);
        foreach (var socket in targets) socket.SendPacket(packet, isVolatile);
    }

    /// <inheritdoc />
    public virtual IDisposable BroadcastWithAck(EncodedPacket packet, in BroadcastOptions options, Action<int> clientCount, Action<EventArguments?> ack)
    {
        ArgumentNullException.ThrowIfNull(packet);
        ArgumentNullException.ThrowIfNull(clientCount);
        ArgumentNullException.ThrowIfNull(ack);
        var isVolatile = options.Volatile;
        var waiting = new BroadcastAckWaiter(packet.AckId ?? throw new ArgumentException("The packet has no ack id.", nameof(packet)), ack);
        using var targets = Targets(options);
        foreach (var socket in targets)
        {
            if (!socket.Expect(waiting.AckId, waiting))
            {
                // It owes too many answers, so this one is not waited for; the event itself is not to be lost.
                socket.SendPacket(packet, isVolatile);
                continue;
            }

            // Not sent, and yet no longer in the table: it has been told as gone, and so it counts as asked.
            if (socket.SendPacket(packet, isVolatile) || !socket.Forget(waiting.AckId)) waiting.Add(socket);
        }

        clientCount(waiting.Count);
        return waiting;
    }

    /// <inheritdoc />
    public virtual IReadOnlySet<string> Sockets(params ReadOnlySpan<string> rooms)
    {
        using var targets = Targets(new BroadcastOptions().WithRooms(rooms));
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var socket in targets) ids.Add(socket.Id);

        return ids;
    }

    /// <inheritdoc />
    public virtual IReadOnlySet<string>? SocketRooms(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        lock (_gate) return _sockets.TryGetValue(id, out var names) ? names.ToSet() : null;
    }

    /// <summary>Whether a socket of this server is in a room.</summary>
    internal bool IsIn(Socket socket, string room)
    {
        lock (_gate) return _sockets.TryGetValue(socket.Id, out var names) && names.Contains(room);
    }

    /// <inheritdoc />
    public virtual ValueTask<IReadOnlyList<RemoteSocket>> FetchSockets(BroadcastOptions options, CancellationToken cancellationToken = default)
    {
        using var targets = Targets(options);
        var sockets = new List<RemoteSocket>();
        foreach (var socket in targets) sockets.Add(new RemoteSocket(Namespace, socket.Id, socket.Rooms, socket.Data));

        return ValueTask.FromResult<IReadOnlyList<RemoteSocket>>(sockets);
    }

    /// <inheritdoc />
    public virtual void AddSockets(in BroadcastOptions options, params ReadOnlySpan<string> rooms)
    {
        using var targets = Targets(options);
        foreach (var socket in targets) AddAll(socket, rooms);
    }

    /// <inheritdoc />
    public virtual void DelSockets(in BroadcastOptions options, params ReadOnlySpan<string> rooms)
    {
        using var targets = Targets(options);
        foreach (var socket in targets)
        {
            foreach (var room in rooms) Del(socket, room);
        }
    }

    /// <inheritdoc />
    public virtual void DisconnectSockets(in BroadcastOptions options, bool closeConnection)
    {
        using var targets = Targets(options);
        foreach (var socket in targets) socket.Disconnect(closeConnection);
    }

    /// <inheritdoc />
    public virtual void ServerSideEmit(string eventName, EventArguments arguments) { }

    /// <inheritdoc />
    public virtual Task<IReadOnlyList<EventArguments>> ServerSideEmitWithAck(
        string eventName, EventArguments arguments, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<EventArguments>>([]);

    /// <inheritdoc />
    public virtual void PersistSession(PersistedSession session) { }

    /// <inheritdoc />
    public virtual ValueTask<PersistedSession?> RestoreSession(string pid, string offset, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<PersistedSession?>(null);

    /// <inheritdoc />
    public virtual IReadOnlyList<OutboundMessage>? JoinRestored(Socket socket, PersistedSession session, string offset) => null;

    private BroadcastTargets Targets(in BroadcastOptions options)
    {
        var rooms = options.RoomSpan;
        var except = options.ExceptSpan;
        lock (_gate)
        {
            if (rooms.Length <= 1)
            {
                var room = rooms.IsEmpty ? _all : _rooms.GetValueOrDefault(rooms[0]);
                if (room is null) return default;
                if (except.IsEmpty) return new BroadcastTargets(room.Snapshot(), null);

                // Everyone but the sender, who is alone in the room of their own.
                if (except.Length == 1 && _rooms.GetValueOrDefault(except[0]) is var left && left is null or { Count: 1 })
                    return new BroadcastTargets(room.Snapshot(), left?.Members[0]);
            }

            return BroadcastTargets.Choose(_rooms, _all, rooms, except);
        }
    }
}
