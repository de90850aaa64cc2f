namespace SocketIO.Server;

/// <summary>A handler threw, or its payload did not fit.</summary>
public sealed class HandlerError
{
    internal HandlerError(IncomingEvent incoming, Exception exception) => (Event, Exception) = (incoming, exception);

    /// <summary>The event.</summary>
    public IncomingEvent Event { get; }

    /// <summary>What was thrown; <see cref="Protocol.InvalidPayloadException"/> when the payload did not fit.</summary>
    public Exception Exception { get; }
}
