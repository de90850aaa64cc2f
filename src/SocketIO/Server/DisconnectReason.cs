namespace SocketIO.Server;

/// <summary>Why a socket is disconnected; <see cref="DisconnectReasonText.ToWire"/> gives the official text.</summary>
public enum DisconnectReason
{
    /// <summary><c>transport close</c>.</summary>
    TransportClose,

    /// <summary><c>transport error</c>.</summary>
    TransportError,

    /// <summary><c>ping timeout</c>.</summary>
    PingTimeout,

    /// <summary><c>parse error</c>.</summary>
    ParseError,

    /// <summary><c>client namespace disconnect</c>.</summary>
    ClientNamespaceDisconnect,

    /// <summary><c>server namespace disconnect</c>.</summary>
    ServerNamespaceDisconnect,

    /// <summary><c>server shutting down</c>.</summary>
    ServerShuttingDown,

    /// <summary><c>forced close</c>.</summary>
    ForcedClose,

    /// <summary><c>slow consumer</c>.</summary>
    SlowConsumer,
}

/// <summary>The official texts of the reasons.</summary>
public static class DisconnectReasonText
{
    /// <summary>For example <c>transport close</c>.</summary>
    public static string ToWire(this DisconnectReason reason) => throw new NotImplementedException();
}
