namespace SocketIO.Protocol;

/// <summary>What decoding a message came to.</summary>
public enum PacketDecodeStatus
{
    /// <summary>A whole packet.</summary>
    Complete,

    /// <summary>The header of a packet, or one of its attachments; more must follow.</summary>
    Incomplete,

    /// <summary>Something the protocol does not allow. The connection cannot go on.</summary>
    Invalid,
}
