using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>How the next event to one socket is sent; immutable, every call gives a new one.</summary>
public readonly struct SocketEmitter
{
    private readonly Socket _socket;
    private readonly bool _volatile;
    private readonly bool _compress;
    private readonly TimeSpan? _timeout;

    internal SocketEmitter(Socket socket, bool isVolatile = false, bool compress = true, TimeSpan? timeout = null) =>
        (_socket, _volatile, _compress, _timeout) = (socket, isVolatile, compress, timeout);

    /// <summary>The event is dropped when the transport cannot write at once.</summary>
    public SocketEmitter Volatile => new(_socket, true, _compress, _timeout);

    /// <summary>Whether the transport may compress the event.</summary>
    public SocketEmitter Compress(bool compress) => new(_socket, _volatile, compress, _timeout);

    /// <summary>How long an answer is waited for.</summary>
    public SocketEmitter Timeout(TimeSpan timeout) => new(_socket, _volatile, _compress, timeout);

    /// <summary>Sends an event. Enqueues and returns. False when the socket is not connected, or a volatile event was dropped.</summary>
    /// <exception cref="ArgumentException">The name is reserved.</exception>
    public bool Emit(string eventName) => Send(eventName, EventArguments.Empty);

    /// <summary>Sends an event with one argument. Enqueues and returns. False when the socket is not connected, or a volatile event was dropped.</summary>
    /// <exception cref="ArgumentException">The name is reserved.</exception>
    /// <exception cref="InvalidOperationException">The JSON options do not know the type; the message says how to add it.</exception>
    public bool Emit<T>(string eventName, T value) => Send(eventName, PacketArguments.Of(_socket.Server.Json, value));

    /// <inheritdoc cref="Emit{T}(string, T)"/>
    public bool Emit<T1, T2>(string eventName, T1 first, T2 second) => Send(eventName, PacketArguments.Of(_socket.Server.Json, first, second));

    /// <inheritdoc cref="Emit{T}(string, T)"/>
    public bool Emit<T1, T2, T3>(string eventName, T1 first, T2 second, T3 third) =>
        Send(eventName, PacketArguments.Of(_socket.Server.Json, first, second, third));

    /// <summary>Sends an event with arguments as they came from somewhere else.</summary>
    /// <exception cref="ArgumentException">The name is reserved.</exception>
    public bool Emit(string eventName, EventArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return Send(eventName, arguments);
    }

    /// <summary>Sends an event and completes with the first argument of the client's answer.</summary>
    /// <inheritdoc cref="Socket.EmitWithAck{T, TResult}(string, T, TimeSpan?, CancellationToken)"/>
    public async Task<TResult> EmitWithAck<T, TResult>(string eventName, T value, CancellationToken cancellationToken = default)
    {
        var answer = await SendWithAck(eventName, PacketArguments.Of(_socket.Server.Json, value), cancellationToken).ConfigureAwait(false);
        return answer.Get<TResult>(0);
    }

    /// <summary>The same with arguments as they came from somewhere else, and the whole answer.</summary>
    /// <inheritdoc cref="Socket.EmitWithAck{T, TResult}(string, T, TimeSpan?, CancellationToken)"/>
    public Task<EventArguments> EmitWithAck(string eventName, EventArguments arguments, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return SendWithAck(eventName, arguments, cancellationToken);
    }

    private bool Send(string eventName, PacketArguments arguments)
    {
        ReservedEvents.ThrowIfReserved(eventName);
        return _socket.EmitPacket(eventName, arguments, _volatile, _compress);
    }

    private Task<EventArguments> SendWithAck(string eventName, PacketArguments arguments, CancellationToken cancellationToken)
    {
        ReservedEvents.ThrowIfReserved(eventName);
        return _socket.EmitPacketWithAck(eventName, arguments, _volatile, _compress, _timeout ?? _socket.Server.Options.AckTimeout, cancellationToken);
    }
}
