using System.Text.Json;
using EngineIO;

namespace SocketIO;

/// <summary>Settings of a Socket.IO server.</summary>
public sealed class SocketIOOptions
{
    /// <summary>Settings of the transport below.</summary>
    public EngineIOOptions Engine { get; } = new();

    /// <summary>Time a client has to join a namespace after connecting. Default 45 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(45);

    /// <summary>How values become JSON. Add source-generated contexts to its <c>TypeInfoResolverChain</c>.</summary>
    public JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web);

    /// <summary>Connection state recovery; null (the default) is off.</summary>
    public ConnectionStateRecoveryOptions? ConnectionStateRecovery { get; set; }

    /// <summary>Whether the client bundle is served beside the endpoint. Default true.</summary>
    public bool ServeClient { get; set; } = true;
}

/// <summary>How long, and whether with middleware, a lost connection may be taken up again.</summary>
public sealed class ConnectionStateRecoveryOptions
{
    /// <summary>Default 2 minutes.</summary>
    public TimeSpan MaxDisconnectionDuration { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Whether middleware is skipped for a recovered socket. Default false here: identity is proven again (the official server's default is true).</summary>
    public bool SkipMiddlewares { get; set; }
}
