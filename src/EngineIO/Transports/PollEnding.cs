namespace EngineIO.Transports;

/// <summary>What a poll that waits is answered with when its transport ends.</summary>
internal enum PollEnding
{
    /// <summary>A close packet: the session is over.</summary>
    Close,

    /// <summary>A noop: the client knows already.</summary>
    Noop,

    /// <summary>
    /// The session goes on over WebSocket: a noop for a poll from before the upgrade began. One that came after that is refused, as if it had come after
    /// the upgrade: a client sends the final packet when its last poll is answered, and which of two connections is heard first is chance.
    /// </summary>
    Upgraded,
}
