namespace EngineIO.Sessions;

/// <summary>Why a session ended: one value that feeds the wire, the log, the metric and the question whether it may be recovered.</summary>
public enum CloseReason
{
    /// <summary>The peer closed its transport (<c>transport close</c>).</summary>
    TransportClose,

    /// <summary>The transport failed: a malformed packet, a broken connection (<c>transport error</c>).</summary>
    TransportError,

    /// <summary>A ping was not answered in time (<c>ping timeout</c>).</summary>
    PingTimeout,

    /// <summary>The client sent something the protocol does not allow (<c>parse error</c>).</summary>
    ParseError,

    /// <summary>The server closed it (<c>forced close</c>).</summary>
    ForcedClose,

    /// <summary>The server is shutting down (<c>server shutting down</c>).</summary>
    ServerShuttingDown,

    /// <summary>The client does not read as fast as it is sent to (<c>slow consumer</c>).</summary>
    SlowConsumer,
}
