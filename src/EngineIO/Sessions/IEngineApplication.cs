namespace EngineIO.Sessions;

/// <summary>What is built on an Engine.IO server: told of each new session.</summary>
public interface IEngineApplication
{
    /// <summary>A session has been opened. Returns what will be told of its messages. Called before the first message is read.</summary>
    IEngineSessionHandler OnOpened(EngineSession session);
}
