namespace EngineIO.Sessions;

/// <summary>Told of what happens in one session, by one thread at a time, in order.</summary>
public interface IEngineSessionHandler
{
    /// <summary>A message has come. <paramref name="data"/> is valid only until the returned task completes; while it has not, nothing more is read from the client.</summary>
    ValueTask OnMessageAsync(ReadOnlyMemory<byte> data, bool binary);

    /// <summary>The session has ended. Called once, after the last message.</summary>
    /// <remarks>
    /// While a message is still being handled this waits for it; <see cref="EngineSession.IsOpen"/> is false at once. So a handler must not hold
    /// <see cref="OnMessageAsync"/> for something that only the end of the session brings.
    /// </remarks>
    void OnClosed(CloseReason reason, Exception? exception);
}
