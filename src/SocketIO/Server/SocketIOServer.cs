using System.Text.Json;
using System.Text.RegularExpressions;
using EngineIO.Sessions;
using Microsoft.Extensions.Logging;
using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>A Socket.IO server.</summary>
/// <remarks>
/// Threading: all members may be called by any thread. <c>_gate</c> guards the table of namespaces, so that one that is empty
/// is not taken away while a client is on its way into it.
/// </remarks>
public sealed class SocketIOServer : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Namespace> _namespaces = new(StringComparer.Ordinal);
    private ParentNamespace[] _parents = [];
    private bool _adaptersClosed;

    /// <summary>Makes a server. An application gets one from <see cref="SocketIOSetup.AddSocketIO"/>.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A setting is wrong; the message names it.</exception>
    public SocketIOServer(SocketIOOptions options, ILoggerFactory loggerFactory, TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggerFactory);
        ArgumentNullException.ThrowIfNull(timeProvider);
        options.Validate();
        options.Json.MakeReadOnly();
        (Options, Time) = (options, timeProvider);
        Log = new ServerLog(loggerFactory.CreateLogger<SocketIOServer>());
        Parser = new JsonPacketParser(options.Json, options.Packets);
        Engine = new EngineServer(options.Engine, new Application(this), loggerFactory, timeProvider);
        Default = Of("/");
    }

    /// <summary>The namespace <c>/</c>.</summary>
    public Namespace Default { get; }

    /// <summary>The transport below: session count, timing wheel.</summary>
    public EngineServer Engine { get; }

    /// <summary>The settings it was made with.</summary>
    public SocketIOOptions Options { get; }

    internal TimeProvider Time { get; }

    internal IPacketParser Parser { get; }

    internal ServerLog Log { get; }

    internal JsonSerializerOptions Json => Options.Json;

    /// <summary>The namespace of that name (a leading slash is added); made when first asked for.</summary>
    public Namespace Of(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length == 0 || name[0] != '/') name = "/" + name;
        lock (_gate) return _namespaces.TryGetValue(name, out var ns) ? ns : _namespaces[name] = new Namespace(this, name, parent: null);
    }

    /// <summary>
    /// Namespaces whose name matches, made when a client asks for one. Clients choose the names: anchor the expression and give
    /// it a match time-out where it can backtrack.
    /// </summary>
    public ParentNamespace Of(Regex name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Of((asked, _, _) => ValueTask.FromResult(name.IsMatch(asked)));
    }

    /// <summary>Namespaces that the predicate lets in by name, auth and handshake, made when a client asks for one.</summary>
    public ParentNamespace Of(Func<string, JsonElement?, EngineHandshake, ValueTask<bool>> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        var parent = new ParentNamespace(this, predicate);
        lock (_gate) _parents = [.. _parents, parent];
        return parent;
    }

    /// <inheritdoc cref="Namespace.OnConnection(Action{Socket})"/>
    public void OnConnection(Action<Socket> handler) => Default.OnConnection(handler);

    /// <inheritdoc cref="Namespace.OnConnection(Func{Socket, ValueTask})"/>
    public void OnConnection(Func<Socket, ValueTask> handler) => Default.OnConnection(handler);

    /// <inheritdoc cref="Namespace.Use"/>
    public void Use(Func<Socket, ValueTask> middleware) => Default.Use(middleware);

    /// <summary>Everyone in the rooms of the namespace <c>/</c>.</summary>
    public BroadcastOperator To(params ReadOnlySpan<string> rooms) => Default.To(rooms);

    /// <inheritdoc cref="To"/>
    public BroadcastOperator In(params ReadOnlySpan<string> rooms) => Default.To(rooms);

    /// <summary>Everyone in the namespace <c>/</c> but those in the rooms.</summary>
    public BroadcastOperator Except(params ReadOnlySpan<string> rooms) => Default.Except(rooms);

    /// <summary>Sends an event to everyone in the namespace <c>/</c>.</summary>
    public void Emit<T>(string eventName, T value) => Default.Emit(eventName, value);

    /// <summary>
    /// Ends every socket with <see cref="DisconnectReason.ServerShuttingDown"/> and every connection; new ones are refused.
    /// Completes when the connections have ended; a second call waits with the first.
    /// </summary>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        // The connections go first: closing them is what ends the sockets, in each socket's own order.
        await Engine.CloseAsync(cancellationToken).ConfigureAwait(false);
        Namespace[] namespaces;
        lock (_gate)
        {
            if (_adaptersClosed) return;
            _adaptersClosed = true;
            namespaces = [.. _namespaces.Values];
        }

        foreach (var ns in namespaces) await CloseAdapter(ns).ConfigureAwait(false);
    }

    /// <summary>Closes it, as <see cref="CloseAsync"/>, and gives back what it holds.</summary>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        await Engine.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The namespace, kept until <see cref="Exit"/>; null when there is none of that name.</summary>
    internal Namespace? Enter(string name)
    {
        lock (_gate)
        {
            if (!_namespaces.TryGetValue(name, out var ns)) return null;
            ns.Entering++;
            return ns;
        }
    }

    /// <summary>The same for a namespace that a parent makes; null when none of them takes the name.</summary>
    internal async ValueTask<Namespace?> EnterDynamic(string name, JsonElement? auth, EngineHandshake handshake)
    {
        foreach (var parent in _parents)
        {
            if (!await parent.Matches(name, auth, handshake).ConfigureAwait(false)) continue;
            lock (_gate)
            {
                if (!_namespaces.TryGetValue(name, out var ns)) _namespaces[name] = ns = new Namespace(this, name, parent);
                ns.Entering++;
                return ns;
            }
        }

        return null;
    }

    internal void Exit(Namespace ns)
    {
        lock (_gate) ns.Entering--;
        RemoveIfEmpty(ns);
    }

    /// <summary>A namespace that a client's wish has made goes with its last socket, or any client could fill the table with names.</summary>
    internal void RemoveIfEmpty(Namespace ns)
    {
        if (ns.Parent is null || !Options.CleanupEmptyChildNamespaces) return;
        lock (_gate)
        {
            // Two may find it empty at a time, and by the second the name may belong to a new one.
            if (ns.Entering > 0 || ns.SocketCount > 0 || _namespaces.GetValueOrDefault(ns.Name) != ns) return;
            _namespaces.Remove(ns.Name);
        }

        _ = CloseAdapter(ns);
    }

    private async Task CloseAdapter(Namespace ns)
    {
        try
        {
            await ns.Adapter.CloseAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Log.AdapterCloseFailed(exception, ns.Name);
        }
    }

    internal IReadOnlyCollection<Namespace> ChildrenOf(ParentNamespace parent)
    {
        lock (_gate) return [.. _namespaces.Values.Where(ns => ns.Parent == parent)];
    }

    private sealed class Application(SocketIOServer server) : IEngineApplication
    {
        public IEngineSessionHandler OnOpened(EngineSession session)
        {
            var client = new Client(server, session);
            client.Start();
            return client;
        }
    }
}
