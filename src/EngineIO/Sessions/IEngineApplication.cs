namespace EngineIO.Sessions;

/// <summary>What is built on an Engine.IO server: told of each new session.</summary>
public interface IEngineApplication
{
    /// <summary>A session has been opened. Returns what will be told of its messages. Called before the first message is read.</summary>
    IEngineSessionHandler OnOpened(EngineSession session);
}

/// <summary>Told of what happens in one session, by one thread at a time, in order.</summary>
public interface IEngineSessionHandler
{
    /// <summary>A message has come. <paramref name="data"/> is valid only until the returned task completes; while it has not, nothing more is read from the client.</summary>
    ValueTask OnMessageAsync(ReadOnlyMemory<byte> data, bool binary);

    /// <summary>The session has ended. Called once, after the last message.</summary>
    void OnClosed(CloseReason reason, Exception? exception);
}
