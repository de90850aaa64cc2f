namespace SocketIO;

/// <summary>How long, and whether with middleware, a lost connection may be taken up again.</summary>
public sealed class ConnectionStateRecoveryOptions
{
    /// <summary>How long a session and the packets it may miss are kept. Default 2 minutes.</summary>
    public TimeSpan MaxDisconnectionDuration { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Whether middleware is skipped for a recovered socket. Default false here: identity is proven again (the official server's default is true).</summary>
    public bool SkipMiddlewares { get; set; }

    /// <summary>Most sessions of one namespace that are kept; the oldest go first. Default 10,000.</summary>
    public int MaxSessions { get; set; } = 10_000;

    /// <summary>Most packets in the log of one namespace; the oldest go first, and who has missed one of them is not recovered. Default 10,000.</summary>
    public int MaxPackets { get; set; } = 10_000;

    /// <summary>Most bytes in the log of one namespace. Default 16 MB.</summary>
    public long MaxBytes { get; set; } = 16_000_000;
}
