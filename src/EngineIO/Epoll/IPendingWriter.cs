namespace EngineIO.Epoll;

/// <summary>Who has put off a write to the end of the loop's round.</summary>
internal interface IPendingWriter
{
    /// <summary>Writes what has come together.</summary>
    void WritePending();
}
