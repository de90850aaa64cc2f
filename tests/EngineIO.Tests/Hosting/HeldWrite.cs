using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EngineIO.Tests.Hosting;

/// <summary>
/// Keeps the server's thread inside the write of one packet after the packet has left, as a machine with too much to do may: what the client then does comes
/// before whatever the server does after the write.
/// </summary>
/// <param name="packet">What the packet begins with. It must be short enough for a frame with one byte of length, and alone in its write.</param>
internal sealed class HeldWrite(byte[] packet) : IDisposable
{
    private const int FrameHeader = 2;

    private readonly ManualResetEventSlim _release = new();
    private volatile bool _holds;

    /// <summary>Gets between the server and the WebSocket that this request asks for.</summary>
    public void Intercept(HttpContext context)
    {
        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
            context.Features.Set<IHttpUpgradeFeature>(new Upgrade(this, upgrade));
    }

    /// <summary>Lets the server's thread go on, which must have written the packet.</summary>
    public void Release()
    {
        if (!_holds)
            throw new InvalidOperationException("The packet has not been written.");
        _release.Set();
    }

    public void Dispose() => _release.Dispose();

    private sealed class Upgrade(HeldWrite held, IHttpUpgradeFeature inner) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => true;

        public async Task<Stream> UpgradeAsync() => new Connection(held, await inner.UpgradeAsync());
    }

    private sealed class Connection(HeldWrite held, Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // From the start: what is looked for may be in the random id of another packet.
            var holds = buffer.Length > FrameHeader && buffer.Span[FrameHeader..].StartsWith(held.Packet);
            held._holds |= holds;
            var write = inner.WriteAsync(buffer, cancellationToken);
            if (holds)
                held._release.Wait(TimeSpan.FromMinutes(1), CancellationToken.None);
            return write;
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override void Flush() => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }

    private byte[] Packet => packet;
}
