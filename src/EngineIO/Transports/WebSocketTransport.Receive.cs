using System.Buffers;
using System.Net.WebSockets;
using EngineIO.Protocol;
using EngineIO.Sessions;

namespace EngineIO.Transports;

/// <content>The reading: the request's own task.</content>
internal sealed partial class WebSocketTransport
{
    // Most messages fit. What fills it is followed by more, for which fewer and larger reads are made.
    private const int SmallRead = 4096;
    private const int LargeRead = 64 * 1024;

    /// <summary>Reads that one client gets in a row before others have their turn.</summary>
    private const int ReadsPerTurn = 16;

    /// <summary>Messages that one client gets in a row: a read of small ones has thousands.</summary>
    private const int MessagesPerTurn = 128;

    private static readonly TimeSpan LingerTime = TimeSpan.FromMilliseconds(250);

    private static readonly OutboundMessage ProbeAnswer = OutboundMessage.Packet(PacketType.Pong, PacketCodec.Probe);

    // Not readonly: it is a value that changes.
    private WebSocketFrameReader _reader;
    private byte[]? _received;
    private UpgradeAttempt? _attempt;
    private int _messages;
    private long _incomplete;

    /// <summary>Reads until the connection ends. Completes when nothing uses the request any more.</summary>
    /// <param name="session">The session it carries or, with <paramref name="probing"/>, is to carry.</param>
    /// <param name="probing">Whether it must first be upgraded to.</param>
    public async Task RunAsync(EngineSession session, bool probing)
    {
        // Null as long as reading goes on; then whether the WebSocket has come to an orderly end.
        bool? graceful = null;
        try
        {
            if (probing && (_attempt = session.BeginUpgrade(this)) is null)
                graceful = await RefuseUpgradeAsync();
            var size = SmallRead;
            var reads = 0;
            while (graceful is null)
            {
                // Waits without a buffer; one is rented when there is something to put into it, and kept until the application is done with what it brought.
#pragma warning disable CA2022, MA0060 // There is nothing to count: this read has no room for a byte.
                var wait = _connection.ReadAsync(Memory<byte>.Empty, CancellationToken.None);
#pragma warning restore CA2022, MA0060
                if (wait.IsCompleted)
                    reads++;
                else
                    reads = _messages = 0;
                await wait;

                // Who sends without end is not to keep the thread from those who wait for it.
                if (reads >= ReadsPerTurn)
                {
                    reads = 0;
                    await Task.Yield();
                }

                _received = ArrayPool<byte>.Shared.Rent(size);
                var count = await _connection.ReadAsync(_received.AsMemory(0, size), CancellationToken.None);
                size = count < size ? SmallRead : LargeRead;
                graceful = count == 0 ? OnConnectionEnded(session, exception: null) : await TakeAllAsync(session, count);
                ReturnReceived();
                session.HoldIncomplete(ref _incomplete, _reader.KeptBytes);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            graceful = OnConnectionEnded(session, exception);
        }
        finally
        {
            ReturnReceived();
            _reader.Release();
            session.HoldIncomplete(ref _incomplete, kept: 0);
            if (_attempt is { } attempt)
                session.FailUpgrade(attempt);
            await FinishAsync(session, graceful ?? false);
        }
    }

    /// <summary>
    /// Reads and throws away until the client has gone, for a short time at most: a connection that is closed with bytes unread is reset, and the client would
    /// not see the close frame.
    /// </summary>
    private async Task LingerAsync()
    {
        _host.Wheel.Schedule(_deadline ??= new CloseDeadline(this), LingerTime);
        var buffer = ArrayPool<byte>.Shared.Rent(SmallRead);
        try
        {
            for (var reads = 1; await _connection.ReadAsync(buffer, CancellationToken.None) > 0; reads++)
            {
                if (reads % ReadsPerTurn == 0)
                    await Task.Yield();
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // Gone, or out of time: either way there is nothing to wait for.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The connection is of no more use, with an exception or simply at an end.</summary>
    private bool OnConnectionEnded(EngineSession session, Exception? exception)
    {
        if (_session is not null)
        {
            GiveUpWriting();
            session.End(CloseReason.TransportClose, exception);
        }

        return false;
    }

    /// <summary>There is nobody any more to take anything, not even a close frame: what was not begun is not tried.</summary>
    private void GiveUpWriting()
    {
        lock (_session!.Gate)
        {
            _closing = _closeSent = true;
            if (!_corked)
                return;
            _corked = _posted = _writing = false;
            _rest = null;
        }
    }

    // The official server accepts the socket and closes it, and clients expect that.
    private async Task<bool?> RefuseUpgradeAsync()
    {
        await _connection.WriteAsync(WebSocketFrame.CreateClose((ushort)WebSocketCloseStatus.NormalClosure, ""), CancellationToken.None);
        await LingerAsync();
        return true;
    }

    /// <summary>Takes in everything that was received. Null when reading goes on, else how it has ended: in good order or not.</summary>
    /// <remarks>
    /// Methods of their own, as all that is needed while the application is waited for would otherwise lie in the frame that every idle connection keeps. What need not
    /// be waited for costs no asynchronous frame.
    /// </remarks>
    private ValueTask<bool?> TakeAllAsync(EngineSession session, int count)
    {
        var rest = _received.AsMemory(0, count);
        while (true)
        {
            var read = _reader.Read(ref rest);
            if (read.Kind == WebSocketReadKind.NeedMore)
                return default;
            var taking = TakeAsync(session, read);
            if (!taking.IsCompletedSuccessfully)
                return TakeRestAsync(session, taking, rest);
#pragma warning disable VSTHRD103 // It has completed.
            if (taking.Result is { } graceful)
                return new ValueTask<bool?>(graceful);
#pragma warning restore VSTHRD103
            if (++_messages >= MessagesPerTurn)
                return TakeRestAsync(session, default, rest);
        }
    }

    private async ValueTask<bool?> TakeRestAsync(EngineSession session, ValueTask<bool?> taking, Memory<byte> rest)
    {
        while (true)
        {
            if (await taking is { } graceful)
                return graceful;
            if (++_messages >= MessagesPerTurn)
            {
                _messages = 0;
                await Task.Yield();
            }

            var read = _reader.Read(ref rest);
            if (read.Kind == WebSocketReadKind.NeedMore)
                return null;
            taking = TakeAsync(session, read);
        }
    }

    private ValueTask<bool?> TakeAsync(EngineSession session, in WebSocketRead read)
    {
        if (read.Kind is not (WebSocketReadKind.Text or WebSocketReadKind.Binary))
            return TakeControlAsync(session, read);
        if (_session is null)
            return ProbeAsync(session, read);
        var dispatching = DispatchAsync(session, read);
        if (!dispatching.IsCompletedSuccessfully)
            return AwaitDispatchAsync(dispatching);
#pragma warning disable VSTHRD103 // It has completed.
        OnDispatched(dispatching.Result);
#pragma warning restore VSTHRD103
        return default;
    }

    private async ValueTask<bool?> AwaitDispatchAsync(ValueTask<bool> dispatching)
    {
        OnDispatched(await dispatching);
        return null;
    }

    // When the session has ended only the answer to the close frame is still waited for.
    private void OnDispatched(bool goesOn)
    {
        if (!goesOn)
            _reader.DiscardMessages();
    }

    private static ValueTask<bool> DispatchAsync(EngineSession session, in WebSocketRead message)
    {
        var payload = message.Payload;
        if (message.Kind == WebSocketReadKind.Binary)
            return session.HandleAsync(payload, binary: true);
        if (PacketCodec.TryReadType(payload.Span, out var packet))
            return session.ReceiveAsync(packet, payload[1..]);
        session.End(CloseReason.ParseError, new ProtocolViolationException("A packet without a type, or of a type that does not exist."));
        return new ValueTask<bool>(false);
    }

    /// <summary>Takes in whatever is no message. Null when reading goes on, else how it has ended.</summary>
    private ValueTask<bool?> TakeControlAsync(EngineSession session, in WebSocketRead read)
    {
        switch (read.Kind)
        {
            case WebSocketReadKind.Pong:
                return default;
            case WebSocketReadKind.Ping when _session is not null:
                session.SendControl(OutboundMessage.ControlFrame(WebSocketFrame.CreatePong(read.Payload.Span)));
                return default;
            case WebSocketReadKind.Ping:
                return AnswerAsync(WebSocketFrame.CreatePong(read.Payload.Span));
            case WebSocketReadKind.Close:
                return OnPeerClosedAsync(session, read.Status);
            default:
                return RefuseAsync(session, read);
        }
    }

    /// <summary>While it is probed the reader alone writes.</summary>
    private async ValueTask<bool?> AnswerAsync(byte[] frame)
    {
        await _connection.WriteAsync(frame, CancellationToken.None);
        return null;
    }

    /// <summary>Takes in a message of a transport that is being upgraded to. Null when reading goes on, else false.</summary>
    private async ValueTask<bool?> ProbeAsync(EngineSession session, WebSocketRead message)
    {
        if (message.Kind == WebSocketReadKind.Text && PacketCodec.TryReadType(message.Payload.Span, out var packet))
        {
            if (packet == PacketType.Ping && message.Payload.Span[1..].SequenceEqual(PacketCodec.Probe))
            {
                await _connection.WriteAsync(ProbeAnswer.Frames, CancellationToken.None);
                _attempt!.OnProbe();
                return null;
            }

            if (packet == PacketType.Upgrade)
            {
                var upgraded = await session.CompleteUpgradeAsync(_attempt!, this);
                _attempt = null;
                return upgraded ? null : false;
            }
        }

        // Before the client is told: it may try again as soon as it knows.
        session.FailUpgrade(_attempt!);
        await _connection.WriteAsync(WebSocketFrame.CreateClose((ushort)WebSocketCloseStatus.ProtocolError, "not a probe"), CancellationToken.None);
        await LingerAsync();
        return false;
    }

    /// <summary>Answers a close frame with its own status: the last thing that is written.</summary>
    private async ValueTask<bool?> OnPeerClosedAsync(EngineSession session, WebSocketCloseStatus status)
    {
        var answer = status == WebSocketCloseStatus.Empty ? WebSocketFrame.CreateClose() : WebSocketFrame.CreateClose((ushort)status, "");
        if (_session is null)
        {
            session.FailUpgrade(_attempt!);
            await _connection.WriteAsync(answer, CancellationToken.None);
        }
        else
        {
            CloseWith(session, answer);
            session.End(CloseReason.TransportClose, exception: null);
        }

        return true;
    }

    /// <summary>Ends the session because of what the client has sent, and tells the client what that was.</summary>
    private async ValueTask<bool?> RefuseAsync(EngineSession session, WebSocketRead read)
    {
        var frame = WebSocketFrame.CreateClose((ushort)read.Status, read.Problem!);
        if (_session is null)
        {
            // Before the client is told: it may try again as soon as it knows.
            session.FailUpgrade(_attempt!);
            await _connection.WriteAsync(frame, CancellationToken.None);
        }
        else
        {
            CloseWith(session, frame);
            session.End(CloseReason.TransportError, new ProtocolViolationException(read.Problem!));

            // What is left of it is read and thrown away until the client has seen the close frame and answers it.
            if (read.Kind == WebSocketReadKind.TooBig)
                return null;
        }

        await LingerAsync();
        return true;
    }

    /// <summary>Sets the close frame, unless there is one, that the end of the session sends.</summary>
    private void CloseWith(EngineSession session, byte[] frame)
    {
        lock (session.Gate)
            _closeFrame ??= frame;
    }

    /// <summary>Lets what is being written leave, then lets go of the request; a connection that did not end gracefully is cut.</summary>
    private async Task FinishAsync(EngineSession session, bool graceful)
    {
        if (!graceful)
            Abort();
        if (_session is not null)
        {
            session.End(CloseReason.TransportError, exception: null);
            Task idle;
            lock (session.Gate)
            {
                _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                if (!_writing)
                    _idle.SetResult();
                idle = _idle.Task;
            }

            // The close deadline bounds this: when it passes the connection is cut, and the write fails.
            await idle;
        }

        lock (_requestGate)
            _requestEnded = true;
        if (_context is null)
            await _connection.DisposeAsync();
        if (_deadline is { } deadline)
            _host.Wheel.Cancel(deadline);
    }

    private void ReturnReceived()
    {
        if (_received is not { } received)
            return;
        _received = null;
        ArrayPool<byte>.Shared.Return(received);
    }
}
