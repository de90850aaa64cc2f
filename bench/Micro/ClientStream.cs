using System.Threading.Tasks.Sources;

namespace Micro;

/// <summary>
/// The server's end of a connection without a network: gives what the benchmark feeds it, takes and forgets what the server writes. Whoever feeds it
/// runs the server's reading, on the same thread, until the server waits for more.
/// </summary>
internal sealed class ClientStream : Stream, IValueTaskSource<int>
{
    private ManualResetValueTaskSourceCore<int> _reading;
    private ReadOnlyMemory<byte> _fed;
    private Memory<byte> _buffer;
    private bool _waiting;

    /// <summary>Writes so far.</summary>
    public long Writes { get; private set; }

    /// <summary>Takes what the server writes; nothing is taken note of without it.</summary>
    public Func<ReadOnlyMemory<byte>, ValueTask>? OnWrite { get; set; }

    /// <inheritdoc />
    public override bool CanRead => true;

    /// <inheritdoc />
    public override bool CanWrite => true;

    /// <inheritdoc />
    public override bool CanSeek => false;

    /// <inheritdoc />
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc />
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The client has sent these bytes.</summary>
    public void Feed(ReadOnlyMemory<byte> data)
    {
        _fed = data;
        if (!_waiting) return;
        _waiting = false;
        _reading.SetResult(Take(_buffer.Span));
    }

    /// <inheritdoc />
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_fed.IsEmpty) return ValueTask.FromResult(Take(buffer.Span));
        _reading.Reset();
        _buffer = buffer;
        _waiting = true;
        return new ValueTask<int>(this, _reading.Version);
    }

    /// <inheritdoc />
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Writes++;
        return OnWrite?.Invoke(buffer) ?? ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public override void Flush()
    {
    }

    /// <inheritdoc />
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc />
    public override void Write(byte[] buffer, int offset, int count) => Writes++;

    /// <inheritdoc />
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc />
    public override void SetLength(long value) => throw new NotSupportedException();

    int IValueTaskSource<int>.GetResult(short token) => _reading.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _reading.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _reading.OnCompleted(continuation, state, token, flags);

    private int Take(Span<byte> buffer)
    {
        var length = Math.Min(buffer.Length, _fed.Length);
        _fed.Span[..length].CopyTo(buffer);
        _fed = _fed[length..];
        return length;
    }
}
