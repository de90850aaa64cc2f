namespace SocketIO.Server;

/// <summary>Whether a socket's next event waits for a handler.</summary>
public enum HandlerOrder
{
    /// <summary>The next event of the socket begins when this handler has completed.</summary>
    InOrder,

    /// <summary>
    /// The handler is started in its turn, and the next event does not wait for it to complete. Until it has, it counts
    /// towards <see cref="SocketIOOptions.MaxPendingEvents"/> like an event that waits.
    /// </summary>
    Concurrent,
}
