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

    /// <summary>
    /// Sends an event and hands on each answer as it comes, with who gave it. Enqueues and returns; keeps one object until the time-out
    /// (<see cref="Timeout"/>, else <see cref="SocketIOOptions.AckTimeout"/>), however many sockets get the event and whether or not they answer.
    /// </summary>
    /// <param name="eventName">Name of the event.</param>
    /// <param name="value">Its argument.</param>
    /// <param name="onAnswer">
    /// Told of each answer, which is true when it wants no more (it may get some that come at the same moment). Called by any thread, several at once; must
    /// not block. What it throws is logged. It has to see for itself whether the socket is one that was meant: a client can answer what it never got.
    /// </param>
    /// <remarks>
    /// Sockets of this server are asked; those of others get the event without being asked. With connection state recovery the event is kept for sockets that
    /// lose their connection. As no offset goes with an event that wants an answer, a session that may or may not have got one is not recovered, unless the
    /// socket has answered it or has got an event after it. With <see cref="SocketIOOptions.MaxWatchedBroadcasts"/> such events under way, nobody is asked.
    /// </remarks>
    /// <exception cref="ArgumentException">The name is reserved.</exception>
    /// <exception cref="InvalidOperationException">The time-out is infinite, or the JSON options do not know the type.</exception>
    public void EmitWithAnswers<T>(string eventName, T value, Func<Socket, EventArguments, bool> onAnswer)
    {
        ArgumentNullException.ThrowIfNull(onAnswer);
        ReservedEvents.ThrowIfReserved(eventName);
        var timeout = _options.Timeout ?? _namespace.Server.Options.AckTimeout;
        if (timeout == System.Threading.Timeout.InfiniteTimeSpan) throw new InvalidOperationException("Answers need a time-out: one that never comes would be waited for for ever.");
        var watch = _namespace.Watch(onAnswer, timeout);
        _namespace.Adapter.Broadcast(Packet(_namespace, _options, eventName, PacketArguments.Of(_namespace.Server.Json, value), watch?.AckId), _options);
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
