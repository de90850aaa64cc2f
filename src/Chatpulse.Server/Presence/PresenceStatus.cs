namespace Chatpulse.Server.Presence;

/// <summary>What a user shows of themselves.</summary>
public enum PresenceStatus
{
    /// <summary>No connection, or a connected user who does not want to be seen.</summary>
    Offline,

    /// <summary>Connected.</summary>
    Online,

    /// <summary>Connected, but not looking.</summary>
    Away,
}

/// <summary>The words of the wire for <see cref="PresenceStatus"/>.</summary>
public static class PresenceStatusText
{
    /// <summary><c>online</c>, <c>away</c> or <c>offline</c>.</summary>
    public static string ToWire(this PresenceStatus status) => status switch
    {
        PresenceStatus.Online => "online",
        PresenceStatus.Away => "away",
        _ => "offline",
    };

    /// <summary>Reads <c>online</c>, <c>away</c> or <c>offline</c>; null for anything else.</summary>
    public static PresenceStatus? FromWire(string text) => text switch
    {
        "online" => PresenceStatus.Online,
        "away" => PresenceStatus.Away,
        "offline" => PresenceStatus.Offline,
        _ => null,
    };
}
