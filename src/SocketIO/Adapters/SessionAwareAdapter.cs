using EngineIO.Sessions;
using EngineIO.Transports;
using SocketIO.Protocol;
using SocketIO.Server;

namespace SocketIO.Adapters;

/// <summary>
/// The adapter in memory with connection state recovery: every event carries its offset as a last argument, the last events
/// are kept, and so are the sessions of sockets that lost their connection. Used when
/// <see cref="SocketIOOptions.ConnectionStateRecovery"/> is set.
/// </summary>
/// <remarks>
/// Threading: one lock guards the log and the sessions, and is held while a packet is handed to its sockets, so that every
/// client gets packets in the order of their offsets: a client's last offset would otherwise not say what it has. Handing over
/// waits for no client, but broadcasts of one namespace are made one after the other; that is the price of recovery. A queue
/// that one thread empties was rejected: an answer sent after an event could overtake it. A connection that ends because of
/// what it is sent tells its sockets on another thread, so that no disconnect handler runs inside the lock.
/// Events that are volatile, and those whose answers are gathered, carry no offset and are not kept, as with the official server. Those whose answers are
/// handed on as they come (<see cref="BroadcastOperator.EmitWithAnswers{T}"/>) cannot carry an offset to official clients either, but are kept: an answer
/// proves how far the client is, and a session of which nobody can tell whether it has had such an event is refused.
/// </remarks>
public sealed class SessionAwareAdapter : InMemoryAdapter
{
    private readonly Lock _gate = new();
    private readonly ConnectionStateRecoveryOptions _limits;
    private readonly PacketLog _log;
    private readonly Dictionary<string, LinkedListNode<Kept>> _sessions = new(StringComparer.Ordinal);
    private readonly LinkedList<Kept> _oldestFirst = new();
    private readonly Cleaning _cleaning;
    private bool _cleaningScheduled;

    /// <summary>Makes the adapter of one namespace.</summary>
    /// <exception cref="ArgumentException">The server's options have no <see cref="SocketIOOptions.ConnectionStateRecovery"/>.</exception>
    public SessionAwareAdapter(Namespace ns) : base(ns)
    {
        _limits = Namespace.Server.Options.ConnectionStateRecovery ?? throw new ArgumentException("Connection state recovery is off.", nameof(ns));
        _log = new PacketLog(_limits);
        _cleaning = new Cleaning(this);
    }

    /// <summary>How many sessions are kept.</summary>
    internal int SessionCount
    {
        get
        {
            lock (_gate) return _sessions.Count;
        }
    }

    /// <inheritdoc />
    public override void Broadcast(EncodedPacket packet, in BroadcastOptions options)
    {
        ArgumentNullException.ThrowIfNull(packet);
        if (options.Volatile)
        {
            base.Broadcast(packet, options);
            return;
        }

        lock (_gate)
        {
            var kept = packet;
            if (packet.AckId is not null) kept = packet.WithoutAck(_log.NextOffset);
            else packet.Offset = _log.NextOffset;
            _log.Add(kept.Message, options.Rooms, options.Except, packet.AckId is not null, Now);
            if (packet.AckId is { } ackId) Namespace.Placed(ackId, _log.Last);
            ScheduleCleaning();
            base.Broadcast(packet, options);
        }
    }

    /// <inheritdoc />
    public override void PersistSession(PersistedSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        lock (_gate)
        {
            Forget(session.Pid);
            _sessions.Add(session.Pid, _oldestFirst.AddLast(new Kept(session with { SentPlace = _log.Last }, Now)));
            Prune();
            ScheduleCleaning();
        }
    }

    /// <inheritdoc />
    public override ValueTask<PersistedSession?> RestoreSession(string pid, string offset, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pid);
        ArgumentNullException.ThrowIfNull(offset);
        lock (_gate)
        {
            Prune();
            if (!_sessions.TryGetValue(pid, out var kept) || PlaceOf(kept.Value.Session, offset) is not { } place || !_log.Reaches(place))
                return ValueTask.FromResult<PersistedSession?>(null);
            Forget(pid);
            return ValueTask.FromResult<PersistedSession?>(kept.Value.Session);
        }
    }

    /// <inheritdoc />
    public override IReadOnlyList<OutboundMessage>? JoinRestored(Socket socket, PersistedSession session, string offset)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(offset);
        lock (_gate)
        {
            if (PlaceOf(session, offset) is not { } place || _log.MissedSince(place, session.SentPlace, session.Rooms) is not { } missed) return null;
            socket.HoldEvents();
            AddAll(socket, [socket.Id, .. session.Rooms]);
            return missed;
        }
    }

    /// <inheritdoc />
    public override ValueTask CloseAsync()
    {
        Namespace.Server.Engine.Wheel.Cancel(_cleaning);
        return base.CloseAsync();
    }

    private DateTimeOffset Now => Namespace.Server.Time.GetUtcNow();

    // Under the lock. How far the client is: as far as it says, or as its answers have proven.
    private long? PlaceOf(PersistedSession session, string offset) =>
        _log.PlaceOf(offset) is { } place ? Math.Max(place, session.ProvenPlace) : null;

    // Under the lock.
    private void Forget(string pid)
    {
        if (_sessions.Remove(pid, out var kept)) _oldestFirst.Remove(kept);
    }

    // Under the lock.
    private void Prune()
    {
        var now = Now;
        _log.Prune(now);
        while (_oldestFirst.First is { } oldest
            && (_sessions.Count > _limits.MaxSessions || now - oldest.Value.Time > _limits.MaxDisconnectionDuration))
            Forget(oldest.Value.Session.Pid);
    }

    // Under the lock. Nothing runs while nothing is kept.
    private void ScheduleCleaning()
    {
        if (_cleaningScheduled) return;
        _cleaningScheduled = true;
        Namespace.Server.Engine.Wheel.Schedule(_cleaning, _limits.MaxDisconnectionDuration);
    }

    private void Clean()
    {
        lock (_gate)
        {
            Prune();
            _cleaningScheduled = false;
            if (_log.Count > 0 || _sessions.Count > 0) ScheduleCleaning();
        }
    }

    private sealed record Kept(PersistedSession Session, DateTimeOffset Time);

    private sealed class Cleaning(SessionAwareAdapter adapter) : TimingWheelEntry
    {
        protected override void OnDue() => adapter.Clean();
    }
}
