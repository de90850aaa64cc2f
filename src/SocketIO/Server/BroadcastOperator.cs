using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>Who is meant, and how; immutable, every call gives a new one.</summary>
public readonly struct BroadcastOperator
{
    public BroadcastOperator To(params ReadOnlySpan<string> rooms) => throw new NotImplementedException();
    public BroadcastOperator In(params ReadOnlySpan<string> rooms) => throw new NotImplementedException();
    public BroadcastOperator Except(params ReadOnlySpan<string> rooms) => throw new NotImplementedException();
    public BroadcastOperator Local => throw new NotImplementedException();
    public BroadcastOperator Volatile => throw new NotImplementedException();
    public BroadcastOperator Compress(bool compress) => throw new NotImplementedException();
    public BroadcastOperator Timeout(TimeSpan timeout) => throw new NotImplementedException();
    public void Emit(string eventName) => throw new NotImplementedException();
    public void Emit<T>(string eventName, T value) => throw new NotImplementedException();
    public void Emit<T1, T2>(string eventName, T1 first, T2 second) => throw new NotImplementedException();
    public void Emit(string eventName, EventArguments arguments) => throw new NotImplementedException();
    /// <summary>Every answer that came before the time-out.</summary>
    public Task<BroadcastAcks<TResult>> EmitWithAck<T, TResult>(string eventName, T value, CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public ValueTask<IReadOnlyList<RemoteSocket>> FetchSockets(CancellationToken cancellationToken = default) => throw new NotImplementedException();
    public void SocketsJoin(params ReadOnlySpan<string> rooms) => throw new NotImplementedException();
    public void SocketsLeave(params ReadOnlySpan<string> rooms) => throw new NotImplementedException();
    public void DisconnectSockets(bool closeConnection = false) => throw new NotImplementedException();
}

/// <summary>Answers to a broadcast.</summary>
public sealed record BroadcastAcks<T>(IReadOnlyList<T> Answers, int Expected, bool TimedOut);

/// <summary>A socket of this or another process.</summary>
public sealed record RemoteSocket(string Id, IReadOnlyCollection<string> Rooms, object? Data);
