using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>One event that a client sent.</summary>
public sealed class IncomingEvent
{
    private IncomingEvent() { }

    /// <summary>Its name.</summary>
    public string Name => throw new NotImplementedException();

    /// <summary>Its arguments, without the ack.</summary>
    public EventArguments Arguments => throw new NotImplementedException();

    /// <summary>How to answer it.</summary>
    public Ack Ack => throw new NotImplementedException();
}
