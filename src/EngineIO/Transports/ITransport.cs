using EngineIO.Sessions;

namespace EngineIO.Transports;

/// <summary>How the session's queue reaches the client.</summary>
internal interface ITransport
{
    /// <summary>Which of the transports it is.</summary>
    EngineTransports Kind { get; }

    /// <summary>Whether it would write at once. The session's lock is held.</summary>
    bool IsWritable { get; }

    /// <summary>
    /// Claims the right to write what waits, after <paramref name="direct"/> if given. True makes it the caller's duty to call <see cref="Write"/> with the
    /// same message after it has left the session's lock, which is held.
    /// </summary>
    bool TryClaimWrite(OutboundMessage? direct);

    /// <summary>
    /// Writes <paramref name="direct"/>, if given, and then what waits in the session's queue, as far as that goes without waiting. The lock is not held, the right
    /// to write is.
    /// </summary>
    void Write(OutboundMessage? direct);

    /// <summary>The session has ended: tell the client, then let go of it. The lock is not held.</summary>
    void Close(CloseReason reason);
}
