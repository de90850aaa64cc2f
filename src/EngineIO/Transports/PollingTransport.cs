using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using EngineIO.Epoll;
using EngineIO.Protocol;
using EngineIO.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EngineIO.Transports;

/// <summary>HTTP long-polling: a GET waits for what the server has to say, a POST brings what the client says.</summary>
/// <remarks>
/// Threading: the session's lock guards the fields. At most one GET and one POST are served at a time; a second one ends the session. The
/// request that waits is woken through its task and takes from the queue itself, so a sender only wakes it. A request counts as
/// over just before its answer is written: the client may send the next one as soon as it has the answer, over another connection.
/// </remarks>
internal sealed class PollingTransport(EngineSession session, IEngineHost host) : ITransport
{
    private const int InitialBodyBuffer = 4096;

    /// <summary>Packets of one POST that are handled in a row before others have their turn.</summary>
    private const int PacketsPerTurn = 128;

    // Apart from the session's: aborting a request may let its reader go on in the same call.
    private readonly Lock _receivingGate = new();

    private static readonly byte[] Ok = "ok"u8.ToArray();
    private static readonly OutboundMessage Noop = OutboundMessage.Packet(PacketType.Noop, []);
    private static readonly OutboundMessage Close = OutboundMessage.Packet(PacketType.Close, []);

    private TaskCompletionSource<PollResult>? _poll;
    private TaskCompletionSource? _posted;
    private bool _posting;
    private HttpContext? _receiving;
    private bool _pollIsLate;

    private enum PollOutcome
    {
        Flush,
        Nudge,
        EndClose,
        EndNoop,
        EndRefused,
        Aborted,
    }

    /// <inheritdoc />
    public EngineTransports Kind => EngineTransports.Polling;

    /// <inheritdoc />
    public bool IsWritable => _poll is { Task.IsCompleted: false } && session.Queue.IsFree;

    /// <inheritdoc />
    public bool IsWriting => _poll is { Task.IsCompleted: true };

    /// <inheritdoc />
    public bool TryClaimWrite(OutboundMessage? direct)
    {
        if (_poll is not null)
            return _poll.TrySetResult(new PollResult(PollOutcome.Flush, direct));
        session.Queue.MarkBlocked();
        return false;
    }

    /// <inheritdoc />
    public bool TryPutOffWrite(LoopWakes wakes) => false;

    /// <inheritdoc />
    public bool TryTakeCorked(long queuedBytes) => false;

    /// <inheritdoc />
    /// <remarks>Nothing is left to do: the claim has woken the request that waits, and that writes.</remarks>
    public void Write(OutboundMessage? direct)
    {
    }

    /// <inheritdoc />
    void ITransport.Close(CloseReason reason) => End(PollEnding.Close);

    /// <inheritdoc />
    public void Abort()
    {
        lock (_receivingGate)
            _receiving?.Abort();
    }

    /// <summary>Ends the poll that waits, if one does, with a noop unless something waits to be sent.</summary>
    public void Nudge() => Complete(PollOutcome.Nudge);

    /// <summary>Ends the poll that waits, if one does: the session is over, or goes on elsewhere.</summary>
    public void End(PollEnding ending)
    {
        lock (session.Gate)
        {
            Complete(ending switch
            {
                PollEnding.Close => PollOutcome.EndClose,
                PollEnding.Upgraded when _pollIsLate => PollOutcome.EndRefused,
                _ => PollOutcome.EndNoop,
            });
        }
    }

    /// <summary>Completes when no POST is being handled.</summary>
    public async ValueTask WhenPostedAsync()
    {
        TaskCompletionSource posted;
        lock (session.Gate)
        {
            if (!_posting)
                return;
            posted = _posted ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

#pragma warning disable VSTHRD003 // Completed by the POST's request on its way out; nothing there waits for this.
        await posted.Task;
#pragma warning restore VSTHRD003
    }

    /// <summary>Serves a GET: completes when its answer is written.</summary>
    public async Task PollAsync(HttpContext context)
    {
        var poll = new TaskCompletionSource<PollResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool overlap, current, served;
        lock (session.Gate)
        {
            overlap = _poll is not null;
            current = session.IsCurrent(this);
            served = session.IsServed;
            if (!overlap && current && served)
            {
                _poll = poll;
                _pollIsLate = session.IsUpgrading;
                if (session.Queue.Peek() is not null || session.IsDraining)
                    poll.SetResult(new PollResult(PollOutcome.Flush, null));
            }
        }

        if (overlap)
        {
            session.End(CloseReason.TransportError, new ProtocolViolationException("A second poll came while one was waiting."));
            await ErrorResponse.WriteAsync(context, EngineError.BadRequest);
            return;
        }

        if (!current || !served)
        {
            await ErrorResponse.WriteAsync(context, served ? EngineError.BadRequest : EngineError.UnknownSession);
            return;
        }

        PollResult result;
        await using (context.RequestAborted.UnsafeRegister(static state => ((TaskCompletionSource<PollResult>)state!).TrySetResult(new PollResult(PollOutcome.Aborted, null)), poll))
            result = await poll.Task;

        if (result.Outcome == PollOutcome.Aborted)
        {
            Forget(poll);
            session.End(CloseReason.TransportError, new IOException("The client dropped a poll that was waiting."));
            return;
        }

        if (result.Outcome == PollOutcome.EndRefused)
        {
            Forget(poll);
            await ErrorResponse.WriteAsync(context, EngineError.BadRequest);
            return;
        }

        var payload = new List<OutboundMessage>();
        var drained = Take(poll, result, payload);
        if (drained)
            session.OnDrained();
        try
        {
            await PollingResponse.WriteAsync(context, payload, host.Options);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            session.End(CloseReason.TransportError, exception);
        }
    }

    /// <summary>Serves a POST: completes when the application has handled its packets and the answer is written.</summary>
    public async Task PostAsync(HttpContext context)
    {
        bool overlap, current;
        lock (session.Gate)
        {
            overlap = _posting;

            // An upgrade may have completed since the request was looked at; it has waited for no POST that had not come this far.
            current = session.IsCurrent(this);
            _posting |= current;
        }

        if (!current)
        {
            await ErrorResponse.WriteAsync(context, EngineError.BadRequest);
            return;
        }

        if (overlap)
        {
            session.End(CloseReason.TransportError, new ProtocolViolationException("A second POST came while one was being handled."));
            await ErrorResponse.WriteAsync(context, EngineError.BadRequest);
            return;
        }

        EngineError? error;
        try
        {
            error = await ReceiveAsync(context);
        }
        finally
        {
            TaskCompletionSource? posted;
            lock (session.Gate)
            {
                _posting = false;
                posted = _posted;
                _posted = null;
            }

            posted?.SetResult();
        }

        if (error is not null)
        {
            await ErrorResponse.WriteAsync(context, error);
            return;
        }

        context.Response.ContentType = "text/html";
        context.Response.ContentLength = Ok.Length;
        await context.Response.Body.WriteAsync(Ok, CancellationToken.None);
    }

    private async Task<EngineError?> ReceiveAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.ContentType is { } type && type.StartsWith("application/octet-stream", StringComparison.OrdinalIgnoreCase))
            return Refuse(CloseReason.TransportError, "A POST with binary content; protocol 4 sends binary packets as base64 text.");
        if (request.ContentLength > host.Options.MaxHttpBufferSize)
            return RefuseTooLarge();

        // The limit is ours and is checked while reading; the server's own may be smaller than what the application asked for.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } maxBody)
            maxBody.MaxRequestBodySize = null;

        var buffer = ArrayPool<byte>.Shared.Rent(InitialBodyBuffer);
        var counted = 0L;
        SetReceiving(context);
        try
        {
            var length = 0;
            while (true)
            {
                if (length == buffer.Length)
                {
                    buffer = Grow(buffer, length);
                    session.HoldIncomplete(ref counted, buffer.Length);
                }

                var read = await request.Body.ReadAsync(buffer.AsMemory(length), context.RequestAborted);
                if (read == 0)
                    break;
                length += read;
                if (length > host.Options.MaxHttpBufferSize)
                    return RefuseTooLarge();

                // A body that comes drop by drop must not outlive the session that it is for.
                if (!session.IsServed)
                    return EngineError.UnknownSession;
            }

            SetReceiving(null);
            session.HoldIncomplete(ref counted, kept: 0);
            return await ReceivePayloadAsync(buffer.AsMemory(0, length));
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            session.End(CloseReason.TransportError, exception);
            return EngineError.BadRequest;
        }
        finally
        {
            SetReceiving(null);
            session.HoldIncomplete(ref counted, kept: 0);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // The server uses the request's object for the next one when this one has been answered: it is not to be aborted then.
    private void SetReceiving(HttpContext? context)
    {
        lock (_receivingGate)
            _receiving = context;
    }

    private async Task<EngineError?> ReceivePayloadAsync(Memory<byte> payload)
    {
        if (PayloadCodec.CountPackets(payload.Span) > host.Options.MaxPacketsPerPayload)
            return Refuse(CloseReason.ParseError, $"A POST with more than {host.Options.MaxPacketsPerPayload} packets.");
        if (!Utf8.IsValid(payload.Span))
            return Refuse(CloseReason.ParseError, "A POST that is not valid UTF-8.");
        var last = false;
        for (var packets = 1; !last; packets++)
        {
            if (packets % PacketsPerTurn == 0)
                await Task.Yield();
            var packet = PayloadCodec.ReadPacket(ref payload, out last);
            bool goOn;
            if (PayloadCodec.IsBinary(packet.Span))
            {
                if (!PayloadCodec.TryDecodeBinary(packet, out var data))
                    return Refuse(CloseReason.ParseError, "A binary packet that is not base64.");
                goOn = await session.HandleAsync(data, binary: true);
            }
            else
            {
                if (!PacketCodec.TryReadType(packet.Span, out var type))
                    return Refuse(CloseReason.ParseError, "A packet without a type, or of a type that does not exist.");
                goOn = await session.ReceiveAsync(type, packet[1..]);
            }

            if (!goOn)
                return null;
        }

        return null;
    }

    private EngineError Refuse(CloseReason reason, string message)
    {
        session.End(reason, new ProtocolViolationException(message));
        return EngineError.BadRequest;
    }

    private EngineError RefuseTooLarge()
    {
        session.End(CloseReason.TransportError, new ProtocolViolationException($"A POST of more than {host.Options.MaxHttpBufferSize} bytes."));
        return EngineError.PayloadTooLarge;
    }

    /// <summary>Decides under the lock what a poll is answered with. True when that ends a session that was closing.</summary>
    private bool Take(TaskCompletionSource<PollResult> poll, PollResult result, List<OutboundMessage> payload)
    {
        lock (session.Gate)
        {
            if (ReferenceEquals(_poll, poll))
                _poll = null;
            if (result.Direct is not null)
                payload.Add(result.Direct);
            if (result.Outcome is PollOutcome.EndClose or PollOutcome.EndNoop || !session.IsServed || !session.IsCurrent(this))
            {
                if (payload.Count == 0)
                    payload.Add(result.Outcome == PollOutcome.EndClose ? Close : Noop);
                return false;
            }

            long length = result.Direct?.Length ?? 0;
            while (session.Queue.Peek() is { } next && (payload.Count == 0 || length + next.Length <= host.Options.MaxHttpBufferSize))
            {
                session.Queue.Dequeue();
                length += next.Length;

                // A control frame of a WebSocket has nothing to say here.
                if (!next.Packets.IsEmpty)
                    payload.Add(next);
            }

            // What did not fit into this answer waits for the next poll.
            session.Queue.MarkProgress();
            if (session.Queue.Count > 0)
                session.Queue.MarkBlocked();
            var drained = session.IsDraining && session.Queue.Count == 0;
            if (drained)
                payload.Add(Close);
            else if (payload.Count == 0)
                payload.Add(Noop);
            return drained;
        }
    }

    private void Complete(PollOutcome outcome)
    {
        lock (session.Gate)
            _poll?.TrySetResult(new PollResult(outcome, null));
    }

    private void Forget(TaskCompletionSource<PollResult> poll)
    {
        lock (session.Gate)
        {
            if (ReferenceEquals(_poll, poll))
                _poll = null;
        }
    }

    private byte[] Grow(byte[] buffer, int length)
    {
        // One byte more than is allowed, so that reading it shows that the limit is passed.
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(host.Options.MaxHttpBufferSize + 1, length * 2));
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct PollResult(PollOutcome Outcome, OutboundMessage? Direct);
}
