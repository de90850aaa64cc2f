using System.Net.WebSockets;

namespace EngineIO.Transports;

/// <summary>
/// What the framework's WebSocket sees of a connection: it reads the connection's stream, in which every frame must be masked, while what it writes on its own account (pongs, a
/// close frame) is handed to the transport, in whose queue it takes its turn.
/// </summary>
internal sealed class ReceiveStream(Stream connection, WebSocketTransport transport) : Stream
{
    private MaskCheck _masks;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <remarks>An idle connection waits in a read without a buffer, which is passed on as it is; a read that follows finds its bytes there.</remarks>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = connection.ReadAsync(buffer, cancellationToken);
        if (buffer.IsEmpty)
            return read;
        if (!read.IsCompletedSuccessfully)
            return FinishReadAsync(read, buffer);
#pragma warning disable VSTHRD103 // It has completed: this only takes its result.
        var count = read.Result;
#pragma warning restore VSTHRD103
        Check(buffer.Span[..count]);
        return new ValueTask<int>(count);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => transport.WriteControlAsync(buffer);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        transport.WriteControlAsync(buffer.AsMemory(offset, count)).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private async ValueTask<int> FinishReadAsync(ValueTask<int> read, Memory<byte> buffer)
    {
        var count = await read;
        Check(buffer.Span[..count]);
        return count;
    }

    private void Check(ReadOnlySpan<byte> bytes)
    {
        if (!_masks.Accept(bytes))
            throw new WebSocketException(WebSocketError.HeaderError, "The client sent a frame that is not masked.");
    }
}
