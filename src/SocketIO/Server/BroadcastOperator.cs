using SocketIO.Adapters;
using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>
/// Who is meant, and how; immutable, every call gives a new one. An event is encoded once however many sockets get it, and no
/// member waits for a client: what a client cannot take at once waits in its own bounded queue.
/// </summary>
public readonly struct BroadcastOperator
{
    private readonly Namespace _namespace;
    private readonly BroadcastOptions _options;

    internal BroadcastOperator(Namespace ns, in BroadcastOptions options) => (_namespace, _options) = (ns, options);

    /// <summary>Those in the rooms too. A socket in several rooms gets an event once.</summary>
    public BroadcastOperator To(params ReadOnlySpan<string> rooms) => new(_namespace, _options.WithRooms(rooms));

    /// <inheritdoc cref="To"/>
    public BroadcastOperator In(params ReadOnlySpan<string> rooms) => To(rooms);

    /// <summary>Nobody who is in one of the rooms.</summary>
    public BroadcastOperator Except(params ReadOnlySpan<string> rooms) => new(_namespace, _options.WithExcept(rooms));

    /// <summary>Only sockets of this server.</summary>
    public BroadcastOperator Local => new(_namespace, _options with { Local = true });

    /// <summary>Sockets whose transport cannot write at once are left out.</summary>
    public BroadcastOperator Volatile => new(_namespace, _options with { Volatile = true });

    /// <summary>Whether the transport may compress.</summary>
    public BroadcastOperator Compress(bool compress) => new(_namespace, _options with { Compress = compress });

    /// <summary>How long answers are waited for.</summary>
    public BroadcastOperator Timeout(TimeSpan timeout) => new(_namespace, _options with { Timeout = timeout });

    /// <summary>Sends an event. Enqueues and returns.</summary>
    /// <exception cref="ArgumentException">The name is reserved.</exception>
    public void Emit(string eventName) => Send(eventName, EventArguments.Empty);

    /// <summary>Sends an event with one argument. Enqueues and returns.</summary>
    /// <exception cref="ArgumentException">The name is reserved.</exception>
    /// <exception cref="InvalidOperationException">The JSON options do not know the type; the message says how to add it.</exception>
    public void Emit<T>(string eventName, T value) => Send(eventName, PacketArguments.Of(_namespace.Server.Json, value));

    /// <inheritdoc cref="Emit{T}(string, T)"/>
    public void Emit<T1, T2>(string eventName, T1 first, T2 second) => Send(eventName, PacketArguments.Of(_namespace.Server.Json, first, second));

    /// <inheritdoc cref="Emit{T}(string, T)"/>
    public void Emit<T1, T2, T3>(string eventName, T1 first, T2 second, T3 third) =>
        Send(eventName, PacketArguments.Of(_namespace.Server.Json, first, second, third));

    /// <summary>Sends an event with arguments as they came from somewhere else. Enqueues and returns.</summary>
    /// <exception cref="ArgumentException">The name is reserved.</exception>
    public void Emit(string eventName, EventArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        Send(eventName, arguments);
    }

    /// <summary>
    /// Sends an event and gathers the first argument of each answer: completes when all have answered or gone, at the latest at
    /// the time-out (<see cref="Timeout"/>, else <see cref="SocketIOOptions.AckTimeout"/>), with the answers that came by then.
    /// </summary>
    /// <exception cref="ArgumentException">The name is reserved.</exception>
    /// <exception cref="OperationCanceledException">Canceled; the event stays sent.</exception>
    public async Task<BroadcastAcks<TResult>> EmitWithAck<T, TResult>(string eventName, T value, CancellationToken cancellationToken = default)
    {
        ReservedEvents.ThrowIfReserved(eventName);
        var server = _namespace.Server;
        var adapter = _namespace.Adapter;
        var options = _options;
        var servers = options.Local ? 1 : await adapter.ServerCount(cancellationToken).ConfigureAwait(false);
        var packet = Packet(_namespace, options, eventName, PacketArguments.Of(server.Json, value), _namespace.NextAckId());
        var collector = new BroadcastAckCollector<TResult>(server.Engine.Wheel);
        var source = adapter.BroadcastWithAck(packet, options, collector.OnClientCount, collector.OnAnswer);
        return await collector.Wait(source, servers, options.Timeout ?? server.Options.AckTimeout, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The sockets that are meant, on every server.</summary>
    public ValueTask<IReadOnlyList<RemoteSocket>> FetchSockets(CancellationToken cancellationToken = default) =>
        _namespace.Adapter.FetchSockets(_options, cancellationToken);

    /// <summary>Makes them join rooms. On this server at once, on others soon.</summary>
    public void SocketsJoin(params ReadOnlySpan<string> rooms) => _namespace.Adapter.AddSockets(_options, rooms);

    /// <summary>Makes them leave rooms. On this server at once, on others soon.</summary>
    public void SocketsLeave(params ReadOnlySpan<string> rooms) => _namespace.Adapter.DelSockets(_options, rooms);

    /// <summary>Disconnects them, as <see cref="Socket.Disconnect"/>.</summary>
    public void DisconnectSockets(bool closeConnection = false) => _namespace.Adapter.DisconnectSockets(_options, closeConnection);

    private void Send(string eventName, PacketArguments arguments)
    {
        ReservedEvents.ThrowIfReserved(eventName);
        _namespace.Adapter.Broadcast(Packet(_namespace, _options, eventName, arguments, null), _options);
    }

    private static EncodedPacket Packet(Namespace ns, in BroadcastOptions options, string eventName, PacketArguments arguments, long? ackId) =>
        new(ns.Server.Parser, ns.Server.Json, ns.Name, eventName, arguments, options.Compress, ackId);
}
