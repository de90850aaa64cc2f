namespace SocketIO.Server;

/// <summary>A handler or a middleware threw, or a payload did not fit.</summary>
public sealed class HandlerError
{
    internal HandlerError(IncomingEvent incoming, Exception exception) => (Event, Exception) = (incoming, exception);

    /// <summary>The event; its ack is still to be sent, if the handler has not sent it.</summary>
    public IncomingEvent Event { get; }

    /// <summary>What was thrown; <see cref="Protocol.InvalidPayloadException"/> when the payload did not fit.</summary>
    public Exception Exception { get; }
}
