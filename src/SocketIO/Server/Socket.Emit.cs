using SocketIO.Adapters;
using SocketIO.Protocol;

namespace SocketIO.Server;

public sealed partial class Socket
{
    private Dictionary<long, IAckReceiver>? _acks;
    private long _provenPlace;

    /// <summary>Sends an event. Enqueues and returns; never waits for the client. False when the socket is not connected.</summary>
    /// <exception cref="ArgumentException">The name is reserved.</exception>
    public bool Emit(string eventName) => new SocketEmitter(this).Emit(eventName);

    /// <summary>Sends an event with one argument. Enqueues and returns; never waits for the client. False when the socket is not connected.</summary>
    /// <exception cref="ArgumentException">The name is reserved.</exception>
    /// <exception cref="InvalidOperationException">The JSON options do not know the type; the message says how to add it.</exception>
    public bool Emit<T>(string eventName, T value) => new SocketEmitter(this).Emit(eventName, value);

    /// <inheritdoc cref="Emit{T}(string, T)"/>
    public bool Emit<T1, T2>(string eventName, T1 first, T2 second) => new SocketEmitter(this).Emit(eventName, first, second);

    /// <inheritdoc cref="Emit{T}(string, T)"/>
    public bool Emit<T1, T2, T3>(string eventName, T1 first, T2 second, T3 third) => new SocketEmitter(this).Emit(eventName, first, second, third);

    /// <summary>Sends an event with arguments as they came from somewhere else.</summary>
    /// <exception cref="ArgumentException">The name is reserved.</exception>
    public bool Emit(string eventName, EventArguments arguments) => new SocketEmitter(this).Emit(eventName, arguments);

    /// <summary>
    /// Sends an event and completes with the first argument of the client's answer. Answers do not wait behind events, so a
    /// handler of this socket may await one.
    /// </summary>
    /// <param name="eventName">Name of the event.</param>
    /// <param name="value">Its argument.</param>
    /// <param name="timeout">How long to wait; null for <see cref="SocketIOOptions.AckTimeout"/>.</param>
    /// <param name="cancellationToken">Ends the wait; the event stays sent.</param>
    /// <exception cref="TimeoutException">The client did not answer in time.</exception>
    /// <exception cref="SocketDisconnectedException">The socket is not connected, or the client goes before it answers.</exception>
    /// <exception cref="InvalidPayloadException">The answer does not fit the type.</exception>
    /// <exception cref="InvalidOperationException">
    /// <see cref="SocketIOOptions.MaxPendingAcks"/> answers are waited for already, or the JSON options do not know the type.
    /// </exception>
    public Task<TResult> EmitWithAck<T, TResult>(string eventName, T value, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        new SocketEmitter(this, timeout: timeout).EmitWithAck<T, TResult>(eventName, value, cancellationToken);

    /// <summary>The same with arguments as they came from somewhere else, and the whole answer.</summary>
    /// <inheritdoc cref="EmitWithAck{T, TResult}(string, T, TimeSpan?, CancellationToken)"/>
    public Task<EventArguments> EmitWithAck(string eventName, EventArguments arguments, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        new SocketEmitter(this, timeout: timeout).EmitWithAck(eventName, arguments, cancellationToken);

    /// <summary>
    /// Completes when at most that many bytes wait for the client to take them, at once if so already; also when the connection ends. For more events than a
    /// queue may hold: emit some, wait, and go on at the client's own pace.
    /// </summary>
    /// <param name="maxQueuedBytes">Bytes that may still wait, 0 or more; those of the connection's other sockets count too.</param>
    public ValueTask DrainAsync(long maxQueuedBytes) => Client.Session.DrainAsync(maxQueuedBytes);

    /// <summary>The next event is dropped when the transport cannot write at once.</summary>
    public SocketEmitter Volatile => new(this, isVolatile: true);

    /// <summary>Whether the transport may compress the next event.</summary>
    public SocketEmitter Compress(bool compress) => new(this, compress: compress);

    /// <summary>How long the answer of the next event is waited for.</summary>
    public SocketEmitter Timeout(TimeSpan timeout) => new(this, timeout: timeout);

    /// <summary>Everyone in the rooms but this socket.</summary>
    public BroadcastOperator To(params ReadOnlySpan<string> rooms) => Broadcast.To(rooms);

    /// <inheritdoc cref="To"/>
    public BroadcastOperator In(params ReadOnlySpan<string> rooms) => Broadcast.To(rooms);

    /// <summary>Everyone in the namespace but this socket and those in the rooms.</summary>
    public BroadcastOperator Except(params ReadOnlySpan<string> rooms) => Broadcast.Except(rooms);

    /// <summary>Everyone in the namespace but this socket.</summary>
    public BroadcastOperator Broadcast => new(Namespace, new BroadcastOptions { Except = [Id] });

    /// <summary>Everyone in the namespace on this server but this socket.</summary>
    public BroadcastOperator Local => Broadcast.Local;

    internal bool EmitPacket(string eventName, PacketArguments arguments, bool isVolatile, bool compress)
    {
        if (Server.Options.ConnectionStateRecovery is not null && !isVolatile)
        {
            // Through the adapter, which writes it to the recovery log.
            if (!Connected) return false;
            var packet = new EncodedPacket(Server.Parser, Server.Json, Namespace.Name, eventName, arguments, compress);
            Namespace.Adapter.Broadcast(packet, new BroadcastOptions { Rooms = [Id], Local = true });
            return true;
        }

        // Dropped before it is encoded.
        if (isVolatile && !Client.Session.IsWritable) return false;
        var message = Server.Parser.Encode(SocketPacketType.Event, Namespace.Name, null, eventName, arguments, null, compress, once: true);
        if (!Send(message, isVolatile)) return false;
        if (_anyOutgoing is not null) NotifyOutgoing(eventName, EventArguments.From(arguments, Server.Json));
        return true;
    }

    internal Task<EventArguments> EmitPacketWithAck(
        string eventName, PacketArguments arguments, bool isVolatile, bool compress, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<EventArguments>(cancellationToken);
        var id = Namespace.NextAckId();
        var message = Server.Parser.Encode(SocketPacketType.Event, Namespace.Name, id, eventName, arguments, null, compress, once: true);
        var pending = new PendingAck(this, id, eventName);
        if (!Connected) pending.OnDisconnected();
        else if (!Expect(id, pending))
        {
            if (IsOpen) throw new InvalidOperationException($"{Server.Options.MaxPendingAcks} answers of this socket are waited for already (SocketIOOptions.MaxPendingAcks).");
            pending.OnDisconnected();
        }
        else if (!Send(message, isVolatile) && !isVolatile && Forget(id)) pending.OnDisconnected();
        else
        {
            pending.Start(timeout, cancellationToken);
            if (_anyOutgoing is not null) NotifyOutgoing(eventName, EventArguments.From(arguments, Server.Json));
        }

        return pending.Task;
    }

    /// <summary>Sends the answer to a client's event. False when the socket is not connected.</summary>
    internal bool SendAck(long id, PacketArguments arguments) =>
        Send(Server.Parser.Encode(SocketPacketType.Ack, Namespace.Name, id, null, arguments, once: true));

    /// <summary>Puts one who waits for an answer into the table. False when the table is full or the socket closed.</summary>
    internal bool Expect(long id, IAckReceiver receiver)
    {
        lock (_gate)
        {
            if (_closing || _acks?.Count >= Server.Options.MaxPendingAcks) return false;
            (_acks ??= []).Add(id, receiver);
            return true;
        }
    }

    /// <summary>Takes one who waits out of the table. False when the answer has come, or the socket has gone, first.</summary>
    internal bool Forget(long id) => TryTakeAck(id, out _);

    /// <summary>An answer has come. One that nobody waits for (any more) is ignored.</summary>
    internal void OnAck(in SocketPacket packet)
    {
        if (TryTakeAck(packet.AckId!.Value, out var receiver)) receiver!.OnAnswer(packet.Arguments);
        else if (!Namespace.OnAnswer(this, packet)) Server.Log.UnknownAck(packet.AckId.Value, Namespace.Name, Id);
    }

    /// <summary>It has answered an event at that place of the recovery log, so it has everything that was sent to it up to there.</summary>
    internal void Prove(long place)
    {
        for (var proven = Interlocked.Read(ref _provenPlace); proven < place;)
        {
            var seen = Interlocked.CompareExchange(ref _provenPlace, place, proven);
            if (seen == proven) return;
            proven = seen;
        }
    }

    private bool TryTakeAck(long id, out IAckReceiver? receiver)
    {
        receiver = null;
        lock (_gate)
        {
            if (_acks is null || !_acks.Remove(id, out receiver)) return false;

            // Most sockets ask for an answer seldom: the table goes with the last one.
            if (_acks.Count == 0) _acks = null;
            return true;
        }
    }
}
