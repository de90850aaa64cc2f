using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>One event that a client sent.</summary>
public sealed class IncomingEvent
{
    private const long NotAsked = long.MinValue;

    // The number that the answer must carry; its complement, which is negative, once it is answered.
    private long _ackId;

    internal IncomingEvent(Socket socket, in SocketPacket packet)
    {
        (Socket, _ackId) = (socket, packet.AckId ?? NotAsked);
        (Name, Arguments) = (packet.EventName!, packet.Arguments);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its arguments, without the ack.</summary>
    public EventArguments Arguments { get; }

    /// <summary>How to answer it.</summary>
    public Ack Ack => new(this);

    internal bool IsAckRequested => Volatile.Read(ref _ackId) != NotAsked;

    internal Socket Socket { get; }

    internal bool Answer(PacketArguments arguments)
    {
        var id = Volatile.Read(ref _ackId);
        return id >= 0 && Interlocked.CompareExchange(ref _ackId, ~id, id) == id && Socket.SendAck(id, arguments);
    }
}
