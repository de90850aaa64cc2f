namespace EngineIO.Protocol;

/// <summary>The packet types of Engine.IO 4; the value is the digit that stands for it on the wire.</summary>
internal enum PacketType : byte
{
    /// <summary>Server to client: the handshake.</summary>
    Open = (byte)'0',

    /// <summary>Either side: the session ends.</summary>
    Close = (byte)'1',

    /// <summary>Server to client: the heartbeat. Client to server only as the upgrade probe.</summary>
    Ping = (byte)'2',

    /// <summary>Client to server: the heartbeat's answer. Server to client only as the probe's answer.</summary>
    Pong = (byte)'3',

    /// <summary>Either side: what the application says.</summary>
    Message = (byte)'4',

    /// <summary>Client to server: from here on the probed transport carries the session.</summary>
    Upgrade = (byte)'5',

    /// <summary>Server to client: ends a poll that has nothing to say.</summary>
    Noop = (byte)'6',
}
