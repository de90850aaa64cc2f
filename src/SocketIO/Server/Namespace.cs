using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using SocketIO.Adapters;
using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>A channel of its own over the same connections, with its own sockets, rooms and middleware.</summary>
/// <remarks>
/// Threading: all members may be called by any thread. Middleware and handlers are kept in arrays that are replaced under
/// <c>_gate</c>; what is added applies to sockets that connect afterwards.
/// </remarks>
public sealed partial class Namespace
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, Socket> _sockets = new(StringComparer.Ordinal);
    private Func<Socket, ValueTask>[] _middleware;
    private Func<Socket, ValueTask>[] _connection;
    private long _lastAckId = -1;

    internal Namespace(SocketIOServer server, string name, ParentNamespace? parent)
    {
        (Server, Name, Parent) = (server, name, parent);
        _middleware = parent?.Middleware ?? [];
        _connection = parent?.Connection ?? [];
        Adapter = server.Options.Adapter?.Invoke(this)
            ?? (server.Options.ConnectionStateRecovery is null ? new InMemoryAdapter(this) : new SessionAwareAdapter(this));
        Adapter.Init();
    }

    /// <summary>Its name, with the leading slash.</summary>
    public string Name { get; }

    /// <summary>The server it belongs to.</summary>
    public SocketIOServer Server { get; }

    /// <summary>Who is in which room, and how broadcasts reach them.</summary>
    public IAdapter Adapter { get; }

    /// <summary>The sockets that are connected to this server. A snapshot.</summary>
    public IReadOnlyCollection<Socket> Sockets => [.. _sockets.Values];

    /// <summary>How many sockets are connected to this server.</summary>
    public int SocketCount => _sockets.Count;

    /// <summary>Finds a socket of this server by its id.</summary>
    public bool TryGetSocket(string id, [NotNullWhen(true)] out Socket? socket) => _sockets.TryGetValue(id, out socket);

    /// <summary>
    /// Middleware before connection, in the order of the calls: throw <see cref="ConnectRefusedException"/> to refuse; anything
    /// else thrown refuses with "Internal error" and is logged.
    /// </summary>
    public void Use(Func<Socket, ValueTask> middleware)
    {
        ArgumentNullException.ThrowIfNull(middleware);
        lock (_gate) _middleware = [.. _middleware, middleware];
    }

    /// <summary>A socket has connected: register its listeners before returning. What the handler throws is logged; the socket stays.</summary>
    /// <remarks>
    /// The client is told that it is connected when the handlers have returned: what is sent to rooms that they put the socket into reaches it, whoever it tells of its being
    /// connected. It is told earlier once a handler waits, or drains the queue, or when more is sent to it than a queue holds.
    /// </remarks>
    public void OnConnection(Action<Socket> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        OnConnection(socket =>
        {
            handler(socket);
            return default;
        });
    }

    /// <summary>A socket has connected: register its listeners before the first await. Its events wait until the task completes.</summary>
    /// <inheritdoc cref="OnConnection(Action{Socket})"/>
    public void OnConnection(Func<Socket, ValueTask> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate) _connection = [.. _connection, handler];
    }

    /// <summary>Everyone in the rooms.</summary>
    public BroadcastOperator To(params ReadOnlySpan<string> rooms) => All.To(rooms);

    /// <inheritdoc cref="To"/>
    public BroadcastOperator In(params ReadOnlySpan<string> rooms) => All.To(rooms);

    /// <summary>Everyone in the namespace but those in the rooms.</summary>
    public BroadcastOperator Except(params ReadOnlySpan<string> rooms) => All.Except(rooms);

    /// <summary>Everyone in the namespace; the start of <c>Local</c>, <c>Volatile</c>, <c>FetchSockets</c> and the rest.</summary>
    public BroadcastOperator All => new(this, default);

    /// <summary>Sends an event to everyone in the namespace.</summary>
    public void Emit(string eventName) => All.Emit(eventName);

    /// <summary>Sends an event with one argument to everyone in the namespace. Enqueues and returns; waits for nobody.</summary>
    public void Emit<T>(string eventName, T value) => All.Emit(eventName, value);

    /// <inheritdoc cref="Emit{T}(string, T)"/>
    public void Emit<T1, T2>(string eventName, T1 first, T2 second) => All.Emit(eventName, first, second);

    /// <inheritdoc cref="Emit{T}(string, T)"/>
    public void Emit<T1, T2, T3>(string eventName, T1 first, T2 second, T3 third) => All.Emit(eventName, first, second, third);

    /// <summary>Sends an event with arguments as they came from somewhere else to everyone in the namespace.</summary>
    public void Emit(string eventName, EventArguments arguments) => All.Emit(eventName, arguments);

    internal ParentNamespace? Parent { get; }

    /// <summary>How many clients are on their way in. Guarded by the server's lock.</summary>
    internal int Entering { get; set; }

    /// <summary>For events that ask for an answer. One number line a namespace, because a broadcast has one number for many sockets.</summary>
    internal long NextAckId() => Interlocked.Increment(ref _lastAckId);

    internal async ValueTask Connect(Client client, JsonElement? auth)
    {
        var recovery = Server.Options.ConnectionStateRecovery;
        var offset = "";
        PersistedSession? session = null;
        if (recovery is not null && auth is { } given && TryGetText(given, "pid", out var pid) && TryGetText(given, "offset", out offset))
            session = await Adapter.RestoreSession(pid, offset).ConfigureAwait(false);

        // What was missed can be gone by the time that middleware has decided; then the client starts anew, and knows it.
        if (session is null || !await TryConnect(client, auth, session, offset, recovery!.SkipMiddlewares).ConfigureAwait(false))
            await TryConnect(client, auth, null, null, skipMiddleware: false).ConfigureAwait(false);
    }

    // False when a restored session turned out not to be restorable.
    private async ValueTask<bool> TryConnect(Client client, JsonElement? auth, PersistedSession? session, string? offset, bool skipMiddleware)
    {
        var socket = new Socket(this, client, session?.Sid ?? NewId(), new SocketHandshake(client.Session.Handshake, auth, Server.Time.GetUtcNow()))
        {
            Pid = Server.Options.ConnectionStateRecovery is null ? null : session?.Pid ?? NewId(),
            Recovered = session is not null,
            Data = session?.Data,
        };
        if (!skipMiddleware && !await RunMiddleware(socket).ConfigureAwait(false)) return true;
        if (session is not null && !await MayRecover(socket, session).ConfigureAwait(false)) return false;
        if (!client.Add(socket))
        {
            socket.Abandon();
            return true;
        }

        // As in the official server, where nothing else happens meanwhile, the client learns that it is connected only after what the connection handlers do without waiting:
        // it is in the rooms that they have put it into before it, or whoever it tells, can do anything.
        client.Session.Cork();
        _sockets[socket.Id] = socket;
        var announced = false;
        var ended = false;
        try
        {
            announced = socket.Announce(EncodeConnect(socket), session, offset);
        }
        finally
        {
            if (!announced)
            {
                ended = !socket.IsOpen;

                // Who ended it before it was in the tables has not taken it out of them.
                socket.Abandon();
                client.Remove(socket);
                Remove(socket);
                client.Session.Uncork();
            }
        }

        if (!announced) return session is null || ended || !client.Session.IsOpen;

        Server.Log.Connected(Name, socket.Id, client.Session.Id);
        await RunConnectionHandlers(socket).ConfigureAwait(false);
        socket.Start();
        return true;
    }

    private async ValueTask RunConnectionHandlers(Socket socket)
    {
        var corked = true;
        foreach (var handler in _connection)
        {
            try
            {
                var handling = handler(socket);
                if (!handling.IsCompleted) Uncork();
                await handling.ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                Server.Log.ConnectionHandlerFailed(exception, Name, socket.Id);
            }
        }

        Uncork();

        void Uncork()
        {
            if (!corked) return;
            corked = false;
            socket.Session.Uncork();
        }
    }

    private async ValueTask<bool> MayRecover(Socket socket, PersistedSession session)
    {
        if (Server.Options.ConnectionStateRecovery!.Authorize is not { } authorize) return true;
        try
        {
            if (await authorize(socket, session).ConfigureAwait(false)) return true;
        }
        catch (Exception exception)
        {
            Server.Log.RecoveryFailed(exception, Name, socket.Id);
        }

        socket.Abandon();
        return false;
    }

    private async ValueTask<bool> RunMiddleware(Socket socket)
    {
        foreach (var middleware in _middleware)
        {
            try
            {
                await middleware(socket).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                var refused = exception as ConnectRefusedException;
                if (refused is null) Server.Log.ConnectFailed(exception, Name, socket.Client.Session.Id);
                socket.Abandon();
                socket.Client.SendConnectError(Name, refused?.Message ?? "Internal error", refused?.ErrorData);
                return false;
            }
        }

        return true;
    }

    internal void Remove(Socket socket)
    {
        _sockets.TryRemove(KeyValuePair.Create(socket.Id, socket));
        Server.RemoveIfEmpty(this);
    }

    private EngineIO.Transports.OutboundMessage EncodeConnect(Socket socket)
    {
        var json = socket.Pid is null ? $"{{\"sid\":\"{socket.Id}\"}}" : $"{{\"sid\":\"{socket.Id}\",\"pid\":\"{socket.Pid}\"}}";
        return Server.Parser.EncodeControl(SocketPacketType.Connect, Name, System.Text.Encoding.UTF8.GetBytes(json));
    }

    private static bool TryGetText(JsonElement json, string property, out string text)
    {
        text = json.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
        return text.Length > 0;
    }

    private static string NewId() => System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(15));
}
