using System.Net.WebSockets;
using EngineIO.Epoll;
using EngineIO.Sessions;
using Microsoft.AspNetCore.Http;

namespace EngineIO.Transports;

/// <summary>A WebSocket over the connection's raw stream: one reader takes the client's frames in, the session's queue writes.</summary>
/// <remarks>
/// Threading: one reader, the request's own task, in <see cref="RunAsync"/> (its part of the class has the reading); the frame reader's state is its alone. Writing belongs to whoever set <c>_writing</c>
/// under the session's lock, until they clear it there; a write that does not complete at once is carried on by its own continuation, so no task and no thread
/// waits. While the transport is still being probed it has no session: then only the reader writes, and waits for it. <c>_requestGate</c> guards the
/// one thing that must not happen after the request has ended, aborting it, as the server uses the request's object for the next one.
/// </remarks>
internal sealed partial class WebSocketTransport : ITransport, IPendingWriter, IThreadPoolWorkItem
{
    /// <summary>What waits is joined into one write up to this many bytes: more saves no system call.</summary>
    private const int CoalescedBytes = SendBatch.MaxLength;

    /// <summary>Writes that one sender makes for others before the pool takes over.</summary>
    private const int WritesPerTurn = 16;

    private readonly HttpContext? _context;
    private readonly Stream _connection;
    private readonly IEngineHost _host;
    private readonly bool _deflate;
    private readonly Lock _requestGate = new();

    private EngineSession? _session;
    private bool _writing;
    private bool _corked;

    // What is put off waits for the loop to be woken rather than for the end of a round. Only while _corked.
    private bool _posted;
    private bool _writePending;
    private bool _closing;
    private bool _closeSent;
    private byte[]? _closeFrame;
    private byte[]? _batch;

    private System.Runtime.CompilerServices.ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter _pending;
    private Action? _onWritten;

    // Made when the reader has finished: from then on nobody begins to write, and it is completed when nobody writes any more.
    private TaskCompletionSource? _idle;
    private CloseDeadline? _deadline;
    private bool _requestEnded;

    /// <param name="context">The request that it lives in; null when the connection has left its request, and is the transport's own.</param>
    /// <param name="connection">The raw stream.</param>
    /// <param name="host">The server.</param>
    /// <param name="deflate">Whether compression was agreed upon.</param>
    public WebSocketTransport(HttpContext? context, Stream connection, IEngineHost host, bool deflate)
    {
        _context = context;
        _connection = connection;
        _host = host;
        _deflate = deflate;
        _reader = new WebSocketFrameReader(host.Options.MaxHttpBufferSize, inflate: deflate);
    }

    /// <inheritdoc />
    public EngineTransports Kind => EngineTransports.WebSocket;

    /// <inheritdoc />
    public bool IsWritable => !_writePending && !_closing && (_corked || _batched || _session!.Queue.IsFree);

    /// <inheritdoc />
    public bool IsWriting => _writing && !_writePending;

    /// <summary>Gives it to a session, in whose lock the caller is unless nobody else knows the session yet.</summary>
    public void Attach(EngineSession session) => _session = session;

    /// <inheritdoc />
    public bool TryClaimWrite(OutboundMessage? direct)
    {
        if (_writing)
            return false;
        _writing = true;

        // In a loop's round it is claimed and put off: what else the round has for this client then leaves with it.
        if (Cork.Current?.TryAdd(this) != true)
            return true;
        _corked = true;
        return false;
    }

    /// <inheritdoc />
    public bool TryPutOffWrite(LoopWakes wakes)
    {
        if (_writing || _connection is not EpollConnection connection || !connection.TryPost(this, wakes))
            return false;
        _writing = _corked = _posted = true;
        return true;
    }

    /// <inheritdoc />
    public bool TryTakeCorked(long queuedBytes)
    {
        if (!_corked)
            return false;
        if (queuedBytes < CoalescedBytes)
        {
            if (!_posted)
                return false;

            // Only a ping may wait for the clock: what is sent after it takes it along.
            if (Cork.Current?.TryAdd(this) == true)
            {
                _posted = false;
                return false;
            }
        }

        _corked = _posted = false;
        return true;
    }

    void IPendingWriter.WritePending()
    {
        lock (_session!.Gate)
        {
            if (!_corked)
                return;
            _corked = _posted = false;
        }

        Write(direct: null);
    }

    /// <inheritdoc />
    public void Write(OutboundMessage? direct)
    {
        var sending = direct is not null;
        var alone = direct;
        try
        {
            for (var turn = 0; turn < WritesPerTurn; turn++)
            {
                var data = direct is null ? TakeBatch(sending, out alone) : FramesOf(direct);
                direct = null;
                if (data.IsEmpty)
                    return;
                var write = _connection.WriteAsync(data, CancellationToken.None);
                if (!write.IsCompletedSuccessfully)
                {
                    Await(write, alone);
                    return;
                }

#pragma warning disable VSTHRD002 // It has completed: this only takes note of it.
                write.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
                alone?.Recycle();
                ReturnBatch();
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute() => Write(direct: null);

    /// <inheritdoc />
    public void Close(CloseReason reason)
    {
        bool write;
        bool stuck;
        lock (_session!.Gate)
        {
            if (_closing)
                return;
            _closing = true;

            // The reader may have put one here already, with the status that fits what the client did.
            _closeFrame ??= CloseFrame(reason);
            stuck = _writePending && reason is CloseReason.SlowConsumer or CloseReason.PingTimeout;
            write = _idle is null && TryClaimWrite(direct: null);
            _deadline = new CloseDeadline(this);
        }

        _host.Wheel.Schedule(_deadline, _host.Options.CloseTimeout);
        if (write)
            Write(direct: null);
        if (stuck)
            Abort();
    }

    /// <inheritdoc />
    /// <remarks>What reads or writes fails. Nothing happens when the request has ended.</remarks>
    public void Abort()
    {
        lock (_requestGate)
        {
            if (_requestEnded)
                return;
            if (_context is not null)
                _context.Abort();
            else
                ((EpollConnection)_connection).Abort();
        }
    }

    private static byte[] CloseFrame(CloseReason reason)
    {
        var status = reason switch
        {
            CloseReason.TransportClose or CloseReason.ForcedClose => WebSocketCloseStatus.NormalClosure,
            CloseReason.ServerShuttingDown => WebSocketCloseStatus.EndpointUnavailable,
            CloseReason.TransportError or CloseReason.ParseError => WebSocketCloseStatus.ProtocolError,
            _ => WebSocketCloseStatus.PolicyViolation,
        };
        return WebSocketFrame.CreateClose((ushort)status, reason.ToText());
    }

    private ReadOnlyMemory<byte> FramesOf(OutboundMessage message) =>
        _deflate ? message.FramesDeflated(_host.Options.PerMessageDeflateThreshold) : message.Frames;

    /// <summary>The next bytes to write: what waits, joined, or the close frame once the session has ended. Empty when there is nothing: the right to write is then given up.</summary>
    /// <param name="sending">Whether it is on behalf of someone who sends.</param>
    /// <param name="alone">The message, when the bytes are those of one only.</param>
    private ReadOnlyMemory<byte> TakeBatch(bool sending, out OutboundMessage? alone)
    {
        alone = null;
        var drained = false;
        while (true)
        {
            if (drained)
                _session!.OnDrained(notifyLater: sending);
            lock (_session!.Gate)
            {
                if (_rest is not null)
                    return TakeRest(out alone);
                var queue = _session.Queue;
                if (!_closing && queue.Dequeue() is { } first)
                    return Take(first, queue, out alone);
                if (!_closing && _session.IsDraining && !drained)
                {
                    drained = true;
                    continue;
                }

                if (_closing && !_closeSent)
                {
                    _closeSent = true;
                    return _closeFrame;
                }

                EndWriting();
                return default;
            }
        }
    }

    // The lock is held.
    private void EndWriting()
    {
        _writing = false;
        _idle?.TrySetResult();
    }

    private ReadOnlyMemory<byte> Take(OutboundMessage first, OutboundQueue queue, out OutboundMessage? alone)
    {
        var frames = FramesOf(first);
        alone = first;
        if (queue.Count == 0 || frames.Length >= CoalescedBytes)
            return frames;
        alone = null;
        _batch = System.Buffers.ArrayPool<byte>.Shared.Rent(CoalescedBytes);
        frames.CopyTo(_batch);
        first.Recycle();
        return _batch.AsMemory(0, frames.Length + Join(queue, _batch.AsMemory(frames.Length, CoalescedBytes - frames.Length), recycling: true));
    }

    /// <summary>Takes what waits as far as it fits into a buffer, and returns how long that is. Compression makes nothing longer.</summary>
    private int Join(OutboundQueue queue, Memory<byte> buffer, bool recycling)
    {
        var length = 0;
        while (queue.Peek() is { } next && next.Length <= buffer.Length - length)
        {
            var frames = FramesOf(next);
            frames.CopyTo(buffer[length..]);
            length += frames.Length;
            queue.Dequeue();
            if (recycling)
                next.Recycle();
        }

        return length;
    }

    private void Await(ValueTask write, OutboundMessage? message)
    {
        var session = _session!;
        lock (session.Gate)
        {
            _writePending = true;
            if (session.IsServed)
                session.Queue.MarkBlocked(message, _batch?.Length ?? 0);
        }

        _pending = write.ConfigureAwait(false).GetAwaiter();
        _pending.UnsafeOnCompleted(_onWritten ??= OnWritten);

        // It may go on, elsewhere, from here: nothing of this transport is touched any more.
        _host.RelieveQueues();
    }

    private void OnWritten()
    {
        try
        {
#pragma warning disable VSTHRD002 // This is the continuation: it has completed.
            _pending.GetResult();
#pragma warning restore VSTHRD002
        }
        catch (Exception exception)
        {
            Fail(exception);
            return;
        }

        ReturnBatch();
        lock (_session!.Gate)
        {
            _writePending = false;
            _session.Queue.MarkProgress();
        }

        Write(direct: null);
    }

    private void Fail(Exception exception)
    {
        ReturnBatch();
        lock (_session!.Gate)
        {
            // Nothing can be written any more, not even a close frame.
            _closing = _closeSent = true;
            _writePending = false;
            _rest = null;
            _session.Queue.MarkProgress();
            EndWriting();
        }

        // Before the connection is cut: that lets its reader go on, in this very call, which would tell the application here and now.
        _session.End(CloseReason.TransportClose, exception, notifyLater: true);
        Abort();
    }

    private void ReturnBatch()
    {
        if (_batch is not { } batch)
            return;
        _batch = null;
        System.Buffers.ArrayPool<byte>.Shared.Return(batch);
    }

    /// <summary>The time that a client has to answer a close frame.</summary>
    private sealed class CloseDeadline(WebSocketTransport transport) : TimingWheelEntry
    {
        protected internal override void OnDue() => transport.Abort();
    }
}
