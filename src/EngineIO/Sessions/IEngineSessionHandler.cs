namespace EngineIO.Sessions;

/// <summary>Told of what happens in one session, by one thread at a time, in order.</summary>
public interface IEngineSessionHandler
{
    /// <summary>A message has come. <paramref name="data"/> is valid only until the returned task completes; while it has not, nothing more is read from the client.</summary>
    ValueTask OnMessageAsync(ReadOnlyMemory<byte> data, bool binary);

    /// <summary>
    /// The session has ended. Called once, after the last message: by the thread that read or closed, never inside a send and never on the clock's thread. What it
    /// throws is logged.
    /// </summary>
    /// <remarks>While a message is still being handled this waits for it; <see cref="EngineSession.IsOpen"/> is false at once.</remarks>
    void OnClosed(CloseReason reason, Exception? exception);

    /// <summary>
    /// The session has ended before <see cref="OnMessageAsync"/> has completed: what waits there for something else may give up. <see cref="OnClosed"/> is called when
    /// it has completed. May be called inside a send and on the clock's thread, so it must neither wait nor throw. Does nothing by default.
    /// </summary>
    void OnEndedWhileHandling()
    {
    }
}
