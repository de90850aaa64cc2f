using EngineIO.Sessions;
using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>One client in one namespace.</summary>
public sealed class Socket
{
    private Socket() { }

    public string Id => throw new NotImplementedException();
    public Namespace Namespace => throw new NotImplementedException();
    public SocketHandshake Handshake => throw new NotImplementedException();
    public bool Connected => throw new NotImplementedException();
    public bool Recovered => throw new NotImplementedException();
    /// <summary>Whatever the application keeps with the socket, one object.</summary>
    public object? Data { get; set; }
    /// <summary>Aborted when the socket is disconnected.</summary>
    public CancellationToken Disconnected => throw new NotImplementedException();
    public IReadOnlyCollection<string> Rooms => throw new NotImplementedException();
    public EngineSession Session => throw new NotImplementedException();

    // rooms
    public void Join(string room) => throw new NotImplementedException();
    public void Join(IEnumerable<string> rooms) => throw new NotImplementedException();
    public void Leave(string room) => throw new NotImplementedException();
    public bool IsIn(string room) => throw new NotImplementedException();

    // listeners. Events of one socket run one after the other in order: the next begins when the task of the one before has completed.
    public void On(string eventName, Action handler) => throw new NotImplementedException();
    public void On(string eventName, Func<ValueTask> handler) => throw new NotImplementedException();
    public void On<T>(string eventName, Action<T> handler) => throw new NotImplementedException();
    public void On<T>(string eventName, Action<T, Ack> handler) => throw new NotImplementedException();
    public void On<T>(string eventName, Func<T, ValueTask> handler) => throw new NotImplementedException();
    public void On<T>(string eventName, Func<T, Ack, ValueTask> handler) => throw new NotImplementedException();
    /// <summary>The result answers the client's ack.</summary>
    public void On<T, TResult>(string eventName, Func<T, ValueTask<TResult>> handler) => throw new NotImplementedException();
    public void On<T1, T2>(string eventName, Func<T1, T2, Ack, ValueTask> handler) => throw new NotImplementedException();
    public void On(string eventName, Func<IncomingEvent, ValueTask> handler) => throw new NotImplementedException();
    public void Off(string eventName) => throw new NotImplementedException();
    public void OnAny(Action<IncomingEvent> handler) => throw new NotImplementedException();
    public void OnAnyOutgoing(Action<string, EventArguments> handler) => throw new NotImplementedException();
    /// <summary>An event that nobody registered. The official server ignores it, and so does this one when no handler is set.</summary>
    public void OnUnhandled(Func<IncomingEvent, ValueTask> handler) => throw new NotImplementedException();
    /// <summary>Middleware for every event: call next to go on; throw to refuse.</summary>
    public void Use(Func<IncomingEvent, Func<ValueTask>, ValueTask> middleware) => throw new NotImplementedException();
    /// <summary>Told of what handlers throw, after it was logged, in place of the library's own error answer.</summary>
    public void OnError(Func<HandlerError, ValueTask> handler) => throw new NotImplementedException();
    /// <summary>Before the rooms are left.</summary>
    public void OnDisconnecting(Action<DisconnectReason> handler) => throw new NotImplementedException();
    public void OnDisconnect(Action<DisconnectReason> handler) => throw new NotImplementedException();

    // sending
    public bool Emit(string eventName) => throw new NotImplementedException();
    public bool Emit<T>(string eventName, T value) => throw new NotImplementedException();
    public bool Emit<T1, T2>(string eventName, T1 first, T2 second) => throw new NotImplementedException();
    public bool Emit<T1, T2, T3>(string eventName, T1 first, T2 second, T3 third) => throw new NotImplementedException();
    public bool Emit(string eventName, EventArguments arguments) => throw new NotImplementedException();
    /// <summary>Throws <see cref="TimeoutException"/>, or <see cref="SocketDisconnectedException"/> when the client goes before it answers.</summary>
    public Task<TResult> EmitWithAck<T, TResult>(string eventName, T value, TimeSpan? timeout = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public Task<EventArguments> EmitWithAck(string eventName, EventArguments arguments, TimeSpan? timeout = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public BroadcastOperator To(params ReadOnlySpan<string> rooms) => throw new NotImplementedException();
    public BroadcastOperator In(params ReadOnlySpan<string> rooms) => throw new NotImplementedException();
    public BroadcastOperator Except(params ReadOnlySpan<string> rooms) => throw new NotImplementedException();
    public BroadcastOperator Broadcast => throw new NotImplementedException();
    public BroadcastOperator Local => throw new NotImplementedException();
    // Volatile / Compress(bool) / Timeout(TimeSpan) give a SocketEmitter: a readonly struct with the Emit family above.

    public void Disconnect(bool closeConnection = false) => throw new NotImplementedException();
}

/// <summary>The client went before it answered.</summary>
public sealed class SocketDisconnectedException(string message) : Exception(message);
