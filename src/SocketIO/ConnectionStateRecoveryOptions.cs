using SocketIO.Adapters;
using SocketIO.Server;

namespace SocketIO;

/// <summary>How long, and whether with middleware, a lost connection may be taken up again.</summary>
public sealed class ConnectionStateRecoveryOptions
{
    /// <summary>How long a session and the packets it may miss are kept. Default 2 minutes.</summary>
    public TimeSpan MaxDisconnectionDuration { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Whether middleware is skipped for a recovered socket. Default false here: identity is proven again (the official server's default is true).</summary>
    public bool SkipMiddlewares { get; set; }

    /// <summary>
    /// Asked for every session that is about to be taken up, after middleware, with the socket and what was kept: whether it may have the session's rooms, and
    /// what was sent there meanwhile, still. Nothing of the session has been sent before it completes. False, or an exception, which is logged: the
    /// session is gone, and the client starts anew, as one that was never there. Null (the default): every session is taken up.
    /// </summary>
    /// <remarks>
    /// Called by any thread, for many sockets at the same time. <see cref="Server.Socket.Data"/> is the session's unless middleware has replaced it. Rights that are
    /// taken away after this completes are for the connection handlers to look for.
    /// </remarks>
    public Func<Socket, PersistedSession, ValueTask<bool>>? Authorize { get; set; }

    /// <summary>Most sessions of one namespace that are kept; the oldest go first. Default 10,000.</summary>
    public int MaxSessions { get; set; } = 10_000;

    /// <summary>Most packets in the log of one namespace; the oldest go first, and who has missed one of them is not recovered. Default 10,000.</summary>
    public int MaxPackets { get; set; } = 10_000;

    /// <summary>Most bytes in the log of one namespace. Default 16 MB.</summary>
    public long MaxBytes { get; set; } = 16_000_000;
}
