namespace SocketIO.Protocol;

/// <summary>The packet types of Socket.IO protocol 5, with their numbers on the wire.</summary>
public enum SocketPacketType
{
    /// <summary>Joins a namespace, or says that it was joined.</summary>
    Connect = 0,

    /// <summary>Leaves a namespace.</summary>
    Disconnect = 1,

    /// <summary>An event with JSON arguments.</summary>
    Event = 2,

    /// <summary>The answer to an event.</summary>
    Ack = 3,

    /// <summary>A namespace could not be joined.</summary>
    ConnectError = 4,

    /// <summary>An event with binary attachments.</summary>
    BinaryEvent = 5,

    /// <summary>An answer with binary attachments.</summary>
    BinaryAck = 6,
}
