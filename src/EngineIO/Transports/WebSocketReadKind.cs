namespace EngineIO.Transports;

/// <summary>What <see cref="WebSocketFrameReader"/> has found.</summary>
internal enum WebSocketReadKind : byte
{
    /// <summary>Nothing yet: every byte given is used up.</summary>
    NeedMore,

    /// <summary>A whole text message, valid UTF-8.</summary>
    Text,

    /// <summary>A whole binary message.</summary>
    Binary,

    /// <summary>A ping, to be answered with a pong of the same payload.</summary>
    Ping,

    /// <summary>A pong.</summary>
    Pong,

    /// <summary>The client closes; nothing that follows counts.</summary>
    Close,

    /// <summary>A message over the limit. The reader is still in step: this message and all that follow are passed over, control frames are not.</summary>
    TooBig,

    /// <summary>Bytes that the protocol does not allow. Where the next frame begins is not known any more: nothing further can be read.</summary>
    Violation,
}
