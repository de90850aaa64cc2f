using EngineIO.Epoll;
using EngineIO.Sessions;

namespace EngineIO.Transports;

/// <summary>How the session's queue reaches the client.</summary>
internal interface ITransport
{
    /// <summary>Which of the transports it is.</summary>
    EngineTransports Kind { get; }

    /// <summary>Whether what is sent now would leave at once, or with the end of the loop's round. The session's lock is held.</summary>
    bool IsWritable { get; }

    /// <summary>Whether what waits does so for the server, which has yet to come to it, and not for the client. The session's lock is held.</summary>
    bool IsWriting { get; }

    /// <summary>
    /// Claims the right to write what waits, after <paramref name="direct"/> if given. True makes it the caller's duty to call <see cref="Write"/> with the
    /// same message after it has left the session's lock, which is held. False leaves it to the queue, which whoever has the right empties.
    /// </summary>
    bool TryClaimWrite(OutboundMessage? direct);

    /// <summary>
    /// Claims the right to write what waits, and leaves the write to the connection's event loop, which makes it when <paramref name="wakes"/> wakes it, together with those of
    /// other connections. False, and nothing is claimed, when the connection has no loop or somebody writes already. The session's lock is held. By the clock's thread.
    /// </summary>
    bool TryPutOffWrite(LoopWakes wakes);

    /// <summary>
    /// Takes back a write that was put off, when so much waits that it is to be made now, or no longer than to the end of this round. True makes it the caller's duty to
    /// call <see cref="Write"/> after it has left the session's lock, which is held.
    /// </summary>
    bool TryTakeCorked(long queuedBytes);

    /// <summary>
    /// Writes <paramref name="direct"/>, if given, and then what waits in the session's queue, as far as that goes without waiting. The lock is not held, the right
    /// to write is.
    /// </summary>
    void Write(OutboundMessage? direct);

    /// <summary>The session has ended: tell the client, then let go of it. The lock is not held.</summary>
    void Close(CloseReason reason);

    /// <summary>Cuts off what the client is sending. The lock is not held.</summary>
    void Abort();
}
