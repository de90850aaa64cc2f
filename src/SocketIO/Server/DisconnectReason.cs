namespace SocketIO.Server;

/// <summary>Why a socket is disconnected; <see cref="DisconnectReasonText.ToWire"/> gives the official text.</summary>
public enum DisconnectReason
{
    /// <summary><c>transport close</c>: the client closed its connection, or it was cut.</summary>
    TransportClose,

    /// <summary><c>transport error</c>: the connection failed.</summary>
    TransportError,

    /// <summary><c>ping timeout</c>: the client did not answer a ping in time.</summary>
    PingTimeout,

    /// <summary><c>parse error</c>: the client sent an illegal packet.</summary>
    ParseError,

    /// <summary><c>client namespace disconnect</c>: the client left the namespace.</summary>
    ClientNamespaceDisconnect,

    /// <summary><c>server namespace disconnect</c>: the server called <see cref="Socket.Disconnect"/> or <see cref="BroadcastOperator.DisconnectSockets"/>.</summary>
    ServerNamespaceDisconnect,

    /// <summary><c>server shutting down</c>.</summary>
    ServerShuttingDown,

    /// <summary><c>forced close</c>: the server closed the connection below.</summary>
    ForcedClose,

    /// <summary><c>forced server close</c>: the client sent a packet that its state does not allow, for instance an event for a namespace it has not joined.</summary>
    ForcedServerClose,

    /// <summary><c>slow consumer</c>: the client does not read as fast as it is sent to.</summary>
    SlowConsumer,
}
