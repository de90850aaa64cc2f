using EngineIO.Transports;

namespace EngineIO.Epoll;

/// <summary>Who has put off a write to the end of the loop's round.</summary>
internal interface IPendingWriter
{
    /// <summary>Writes what has come together.</summary>
    void WritePending();

    /// <summary>
    /// Gives what has come together to a batch, which is not full. True also when there was nothing to be written any more. False when it has to be written by
    /// <see cref="WritePending"/>.
    /// </summary>
    bool TryWriteWith(SendBatch batch);

    /// <summary>The batch has been sent. Takes note of it; what is left is written later. Must not throw, and must not call the application.</summary>
    /// <param name="rest">What the connection did not take, of memory that is used for something else after the call; empty when all has left.</param>
    /// <param name="message">The message that the batch was given; null when it was several, joined.</param>
    void OnWritten(ReadOnlyMemory<byte> rest, OutboundMessage? message);
}
