using EngineIO.Sessions;

namespace SocketIO.Server;

/// <summary>The official texts of the reasons.</summary>
public static class DisconnectReasonText
{
    /// <summary>For example <c>transport close</c>.</summary>
    public static string ToWire(this DisconnectReason reason) => reason switch
    {
        DisconnectReason.TransportClose => "transport close",
        DisconnectReason.TransportError => "transport error",
        DisconnectReason.PingTimeout => "ping timeout",
        DisconnectReason.ParseError => "parse error",
        DisconnectReason.ClientNamespaceDisconnect => "client namespace disconnect",
        DisconnectReason.ServerNamespaceDisconnect => "server namespace disconnect",
        DisconnectReason.ServerShuttingDown => "server shutting down",
        DisconnectReason.ForcedClose => "forced close",
        DisconnectReason.ForcedServerClose => "forced server close",
        DisconnectReason.SlowConsumer => "slow consumer",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "No such reason."),
    };

    internal static DisconnectReason ToDisconnectReason(this CloseReason reason) => reason switch
    {
        CloseReason.TransportClose => DisconnectReason.TransportClose,
        CloseReason.TransportError => DisconnectReason.TransportError,
        CloseReason.PingTimeout => DisconnectReason.PingTimeout,
        CloseReason.ParseError => DisconnectReason.ParseError,
        CloseReason.ServerShuttingDown => DisconnectReason.ServerShuttingDown,
        CloseReason.SlowConsumer => DisconnectReason.SlowConsumer,
        _ => DisconnectReason.ForcedClose,
    };
}
