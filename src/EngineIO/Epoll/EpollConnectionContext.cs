using System.IO.Pipelines;
using System.Net;
using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace EngineIO.Epoll;

/// <summary>A connection as Kestrel sees it, until it is detached.</summary>
/// <remarks>
/// Threading: Kestrel's, one connection at a time; <see cref="Abort(ConnectionAbortedException)"/> by any thread. The pipes are the framework's own over the
/// connection's stream: no task pumps between them.
/// </remarks>
internal sealed class EpollConnectionContext : DefaultConnectionContext, IDetachableConnection, IMemoryPoolFeature, IDuplexPipe
{
    private readonly EpollConnection _connection;

    // Not disposed of: who cancels it does so whenever the client goes, and it holds nothing.
    private readonly CancellationTokenSource _closed = new();
    private EndPoint? _localEndPoint;
    private bool _detached;

    public EpollConnectionContext(EpollConnection connection, string id, EndPoint? remoteEndPoint, MemoryPool<byte> pool, bool onLoop)
        : base(id)
    {
        _connection = connection;
        RemoteEndPoint = remoteEndPoint;
        connection.ContinuesOnThreadPool = !onLoop;

        // Kestrel expects of its pipe that writing never fails: that the client has gone it learns from ConnectionClosed.
        connection.IsKestrels = true;
        Input = PipeReader.Create(connection, new StreamPipeReaderOptions(pool, leaveOpen: true, useZeroByteReads: true));
        Output = PipeWriter.Create(connection, new StreamPipeWriterOptions(pool, leaveOpen: true));
        Transport = this;
        ConnectionClosed = _closed.Token;
        MemoryPool = pool;
        Features.Set<IMemoryPoolFeature>(this);
        Features.Set<IDetachableConnection>(this);
        connection.OnPeerGone = Cancel;
    }

    public MemoryPool<byte> MemoryPool { get; }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public override EndPoint? LocalEndPoint
    {
        get => _localEndPoint ??= _connection.GetLocalEndPoint();
        set => _localEndPoint = value;
    }

    /// <inheritdoc />
    public EpollConnection? Detach()
    {
        // Something that came between, such as TLS or a log, has replaced the pipes.
        if (!ReferenceEquals(Transport, this) || _detached)
            return null;
        if (Input.TryRead(out var read))
        {
            if (!read.Buffer.IsEmpty)
                _connection.Unread(read.Buffer.ToArray());
            Input.AdvanceTo(read.Buffer.End);
        }

        _detached = true;
        _connection.OnPeerGone = null;
        _connection.ContinuesOnThreadPool = false;
        _connection.IsKestrels = false;
        _connection.Listener.OnDetached();
        return _connection;
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (!_detached)
            _connection.Abort();
        Cancel();
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await Input.CompleteAsync();

            // What Kestrel has begun to write and not sent, as it does when the client goes in that moment, must not be sent after it has let go of the connection: that
            // would throw, and Kestrel then waits for this connection when it is stopped.
            await Output.CompleteAsync(_detached ? new ConnectionAbortedException() : null);
        }
        finally
        {
            if (!_detached)
                await _connection.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    // On the pool, since the application listens.
    private void Cancel() => ThreadPool.UnsafeQueueUserWorkItem(static closed => closed.Cancel(), _closed, preferLocal: false);
}
