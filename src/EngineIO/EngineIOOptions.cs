using Microsoft.AspNetCore.Http;

namespace EngineIO;

/// <summary>Every limit and time-out of an Engine.IO server. Defaults are the official server's where it has the setting.</summary>
public sealed class EngineIOOptions
{
    /// <summary>Time between two pings that the server sends. Default 25 s.</summary>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>Time the client has to answer a ping before its session is closed with <c>ping timeout</c>. Default 20 s.</summary>
    public TimeSpan PingTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Time that a transport upgrade may take before it is given up. Default 10 s.</summary>
    public TimeSpan UpgradeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Largest message, in bytes, that a client may send; also the largest polling body. Default 1,000,000.</summary>
    public int MaxHttpBufferSize { get; set; } = 1_000_000;

    /// <summary>Transports that are served. Default polling and WebSocket.</summary>
    public EngineTransports Transports { get; set; } = EngineTransports.Polling | EngineTransports.WebSocket;

    /// <summary>Whether a polling session may be upgraded to WebSocket. Default true.</summary>
    public bool AllowUpgrades { get; set; } = true;

    /// <summary>Cookie that carries the session id, for sticky load balancing. Default none.</summary>
    public CookieBuilder? Cookie { get; set; }
}

/// <summary>The transports of Engine.IO.</summary>
[Flags]
public enum EngineTransports
{
    /// <summary>No transport.</summary>
    None = 0,

    /// <summary>HTTP long-polling.</summary>
    Polling = 1,

    /// <summary>WebSocket.</summary>
    WebSocket = 2,
}
