using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>One event that a client sent.</summary>
public sealed class IncomingEvent
{
    private readonly Socket _socket;
    private readonly long? _ackId;
    private int _answered;

    internal IncomingEvent(Socket socket, SocketPacket packet)
    {
        (_socket, _ackId) = (socket, packet.AckId);
        (Name, Arguments) = (packet.EventName!, packet.Arguments);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its arguments, without the ack.</summary>
    public EventArguments Arguments { get; }

    /// <summary>How to answer it.</summary>
    public Ack Ack => new(this);

    internal bool IsAckRequested => _ackId is not null;

    internal Socket Socket => _socket;

    internal bool Answer(PacketArguments arguments)
    {
        if (_ackId is not { } id || Interlocked.Exchange(ref _answered, 1) != 0) return false;
        return _socket.SendAck(id, arguments);
    }
}
