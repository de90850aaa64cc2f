
namespace SocketIO.Server;

/// <summary>A channel of its own over the same connections, with its own sockets, rooms and middleware.</summary>
public sealed class Namespace
{
    private Namespace() { }

    public string Name => throw new NotImplementedException();
    public IReadOnlyCollection<Socket> Sockets => throw new NotImplementedException();
    public int SocketCount => throw new NotImplementedException();
    public bool TryGetSocket(string id, out Socket? socket) => throw new NotImplementedException();
    /// <summary>Before connection: throw <see cref="ConnectRefusedException"/> to refuse; anything else thrown refuses with "Internal error" and is logged.</summary>
    public void Use(Func<Socket, ValueTask> middleware) => throw new NotImplementedException();
    /// <summary>A socket has connected: register its listeners before returning. Its events wait until the task completes.</summary>
    public void OnConnection(Action<Socket> handler) => throw new NotImplementedException();
    public void OnConnection(Func<Socket, ValueTask> handler) => throw new NotImplementedException();
    public BroadcastOperator To(params ReadOnlySpan<string> rooms) => throw new NotImplementedException();
    public BroadcastOperator In(params ReadOnlySpan<string> rooms) => throw new NotImplementedException();
    public BroadcastOperator Except(params ReadOnlySpan<string> rooms) => throw new NotImplementedException();
    /// <summary>Everyone in the namespace; the start of <c>Local</c>, <c>Volatile</c>, <c>FetchSockets</c> and the rest.</summary>
    public BroadcastOperator All => throw new NotImplementedException();
    public void Emit<T>(string eventName, T value) => throw new NotImplementedException();
    // ServerSideEmit / OnServerSide
}
