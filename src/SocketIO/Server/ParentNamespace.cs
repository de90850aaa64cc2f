using System.Text.Json;
using EngineIO.Sessions;
using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>
/// Namespaces that are made when a client asks for one that matches. Each gets the middleware and the connection handlers that
/// the parent has when it is made.
/// </summary>
public sealed class ParentNamespace
{
    private readonly Lock _gate = new();
    private readonly SocketIOServer _server;
    private readonly Func<string, JsonElement?, EngineHandshake, ValueTask<bool>> _matches;

    internal ParentNamespace(SocketIOServer server, Func<string, JsonElement?, EngineHandshake, ValueTask<bool>> matches) => (_server, _matches) = (server, matches);

    internal Func<Socket, ValueTask>[] Middleware { get; private set; } = [];

    internal Func<Socket, ValueTask>[] Connection { get; private set; } = [];

    /// <summary>The namespaces that exist at the moment. A snapshot.</summary>
    public IReadOnlyCollection<Namespace> Children => _server.ChildrenOf(this);

    /// <summary>Middleware before connection, as <see cref="Namespace.Use"/>.</summary>
    public void Use(Func<Socket, ValueTask> middleware)
    {
        ArgumentNullException.ThrowIfNull(middleware);
        lock (_gate) Middleware = [.. Middleware, middleware];
    }

    /// <summary>A socket has connected to one of the namespaces, as <see cref="Namespace.OnConnection(Action{Socket})"/>.</summary>
    public void OnConnection(Action<Socket> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        OnConnection(socket =>
        {
            handler(socket);
            return default;
        });
    }

    /// <summary>A socket has connected to one of the namespaces, as <see cref="Namespace.OnConnection(Func{Socket, ValueTask})"/>.</summary>
    public void OnConnection(Func<Socket, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate) Connection = [.. Connection, handler];
    }

    /// <summary>Sends an event to everyone in every one of the namespaces.</summary>
    public void Emit<T>(string eventName, T value)
    {
        foreach (var child in Children) child.Emit(eventName, value);
    }

    /// <inheritdoc cref="Emit{T}(string, T)"/>
    public void Emit(string eventName, EventArguments arguments)
    {
        foreach (var child in Children) child.Emit(eventName, arguments);
    }

    internal ValueTask<bool> Matches(string name, JsonElement? auth, EngineHandshake handshake) => _matches(name, auth, handshake);
}
