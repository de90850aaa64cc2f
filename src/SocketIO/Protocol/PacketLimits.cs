namespace SocketIO.Protocol;

/// <summary>What a client's packet may be. Each number is checked before memory is taken for what it counts; a packet over a limit is a parse error.</summary>
public sealed class PacketLimits
{
    /// <summary>Most binary attachments of one packet. Default 10, as in the official parser.</summary>
    public int MaxAttachments { get; set; } = 10;

    /// <summary>Deepest nesting of a packet's JSON, the array of arguments included. Default 64.</summary>
    public int MaxJsonDepth { get; set; } = 64;

    /// <summary>Longest name of an event, in bytes of UTF-8. Default 256.</summary>
    public int MaxEventNameLength { get; set; } = 256;

    /// <summary>Longest name of a namespace, in bytes of UTF-8. Default 256.</summary>
    public int MaxNamespaceLength { get; set; } = 256;

    /// <summary>Most arguments of one event or answer. Default 256.</summary>
    public int MaxArguments { get; set; } = 256;
}
