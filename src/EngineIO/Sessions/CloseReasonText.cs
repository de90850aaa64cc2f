namespace EngineIO.Sessions;

/// <summary>The words of <see cref="CloseReason"/> on the wire, in the log and in metrics.</summary>
public static class CloseReasonText
{
    /// <summary>The official server's words for it, for example <c>ping timeout</c>.</summary>
    public static string ToText(this CloseReason reason) => reason switch
    {
        CloseReason.TransportClose => "transport close",
        CloseReason.TransportError => "transport error",
        CloseReason.PingTimeout => "ping timeout",
        CloseReason.ParseError => "parse error",
        CloseReason.ForcedClose => "forced close",
        CloseReason.ServerShuttingDown => "server shutting down",
        CloseReason.SlowConsumer => "slow consumer",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "No such close reason."),
    };
}
