using System.Buffers;

namespace EngineIO.Transports;

/// <summary>Builds an <see cref="OutboundMessage"/> packet by packet in a reused buffer. Not thread-safe.</summary>
public sealed class OutboundMessageWriter : IBufferWriter<byte>
{
    /// <summary>Opens a text packet; what is written until the next packet or <see cref="Build"/> is its UTF-8 body.</summary>
    public void BeginText() => throw new NotImplementedException();

    /// <summary>Opens a binary packet.</summary>
    public void BeginBinary() => throw new NotImplementedException();

    /// <summary>Ends the message and resets the writer for the next one.</summary>
    public OutboundMessage Build(bool compress = true) => throw new NotImplementedException();

    /// <summary>Throws away what was begun, for instance because serializing failed half-way.</summary>
    public void Reset() => throw new NotImplementedException();

    /// <inheritdoc />
    public void Advance(int count) => throw new NotImplementedException();

    /// <inheritdoc />
    public Memory<byte> GetMemory(int sizeHint = 0) => throw new NotImplementedException();

    /// <inheritdoc />
    public Span<byte> GetSpan(int sizeHint = 0) => throw new NotImplementedException();
}
