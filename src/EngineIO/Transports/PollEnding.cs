namespace EngineIO.Transports;

/// <summary>What a poll that waits is answered with when its transport ends.</summary>
internal enum PollEnding
{
    /// <summary>A close packet: the session is over.</summary>
    Close,

    /// <summary>A noop: the client knows already.</summary>
    Noop,
}
