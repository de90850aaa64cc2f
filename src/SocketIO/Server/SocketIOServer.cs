using System.Text.Json;
using System.Text.RegularExpressions;
using EngineIO.Sessions;

namespace SocketIO.Server;

/// <summary>A Socket.IO server.</summary>
public sealed class SocketIOServer
{
    private SocketIOServer() { }

    /// <summary>The namespace of that name (a leading slash is added); made when first asked for.</summary>
    public Namespace Of(string name) => throw new NotImplementedException();
    public ParentNamespace Of(Regex name) => throw new NotImplementedException();
    public ParentNamespace Of(Func<string, JsonElement?, EngineHandshake, ValueTask<bool>> predicate) => throw new NotImplementedException();
    /// <summary>The namespace <c>/</c>.</summary>
    public Namespace Default => throw new NotImplementedException();
    public void OnConnection(Action<Socket> handler) => throw new NotImplementedException();
    public void OnConnection(Func<Socket, ValueTask> handler) => throw new NotImplementedException();
    public void Use(Func<Socket, ValueTask> middleware) => throw new NotImplementedException();
    public BroadcastOperator To(params ReadOnlySpan<string> rooms) => throw new NotImplementedException();
    public BroadcastOperator In(params ReadOnlySpan<string> rooms) => throw new NotImplementedException();
    public BroadcastOperator Except(params ReadOnlySpan<string> rooms) => throw new NotImplementedException();
    public void Emit<T>(string eventName, T value) => throw new NotImplementedException();
    /// <summary>The transport below: session count, timing wheel.</summary>
    public EngineServer Engine => throw new NotImplementedException();
    public Task CloseAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();
}

/// <summary>Namespaces that are made when a client asks for one that matches.</summary>
public sealed class ParentNamespace
{
    private ParentNamespace() { }
    public void Use(Func<Socket, ValueTask> middleware) => throw new NotImplementedException();
    public void OnConnection(Action<Socket> handler) => throw new NotImplementedException();
    public void OnConnection(Func<Socket, ValueTask> handler) => throw new NotImplementedException();
}
