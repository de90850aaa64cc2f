using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http.Features;

namespace EngineIO.Tests.Hosting;

/// <summary>A connection on which the client sends the same frame again and again, faster than anybody reads, and takes whatever is written.</summary>
/// <param name="frame">The frame.</param>
/// <param name="reads">Reads after which the connection ends.</param>
internal sealed class EndlessStream(byte[] frame, int reads) : Stream, IHttpUpgradeFeature
{
    private readonly ConcurrentDictionary<int, int> _reads = new();
    private int _left = reads;

    public bool IsUpgradableRequest => true;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public Task<Stream> UpgradeAsync() => Task.FromResult<Stream>(this);

    /// <summary>Reads that a thread has made.</summary>
    public int ReadsOfThread(int id) => _reads.GetValueOrDefault(id);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            return new ValueTask<int>(0);
        _reads.AddOrUpdate(Environment.CurrentManagedThreadId, 1, (_, count) => count + 1);
        if (Interlocked.Decrement(ref _left) < 0)
            return new ValueTask<int>(0);
        var count = 0;
        for (; count + frame.Length <= buffer.Length; count += frame.Length)
            frame.CopyTo(buffer[count..]);
        return new ValueTask<int>(count);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
