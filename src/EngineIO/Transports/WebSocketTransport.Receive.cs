using System.Buffers;
using System.Net.WebSockets;
using EngineIO.Protocol;
using EngineIO.Sessions;

namespace EngineIO.Transports;

/// <content>The reading: the request's own task.</content>
internal sealed partial class WebSocketTransport
{
    // Most messages fit; a larger one grows the buffer while it arrives.
    private const int InitialReceiveBuffer = 4096;

    private static readonly TimeSpan LingerTime = TimeSpan.FromMilliseconds(250);

    private static readonly OutboundMessage ProbeAnswer = OutboundMessage.Packet(PacketType.Pong, PacketCodec.Probe);

    private byte[]? _received;
    private UpgradeAttempt? _attempt;

    /// <summary>Reads until the connection ends. Completes when nothing uses the request any more.</summary>
    /// <param name="session">The session it carries or, with <paramref name="probing"/>, is to carry.</param>
    /// <param name="probing">Whether it must first be upgraded to.</param>
    public async Task RunAsync(EngineSession session, bool probing)
    {
        var graceful = false;
        try
        {
            if (!probing)
            {
                graceful = await ReadAsync(session);
            }
            else if ((_attempt = session.BeginUpgrade(this)) is { } attempt)
            {
                graceful = await ReadAsync(session);
                session.FailUpgrade(attempt);
            }
            else
            {
                // The official server accepts the socket and closes it, and clients expect that.
                await _connection.WriteAsync(WebSocketFrame.CreateClose((ushort)WebSocketCloseStatus.NormalClosure, ""), CancellationToken.None);
                await LingerAsync();
                graceful = true;
            }
        }
        catch (WebSocketException exception)
        {
            // A connection that is simply gone is no error of the client's.
            var reason = exception.WebSocketErrorCode == WebSocketError.ConnectionClosedPrematurely ? CloseReason.TransportClose : CloseReason.TransportError;
            EndSession(session, reason, exception);
            if (reason == CloseReason.TransportError)
            {
                await LingerAsync();
                graceful = true;
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            EndSession(session, CloseReason.TransportClose, exception);
        }
        finally
        {
            ReturnReceived();
            await FinishAsync(session, graceful);
        }
    }

    /// <summary>
    /// Reads and throws away until the client has gone, for a short time at most: a connection that is closed with bytes unread is reset, and the client would
    /// not see the close frame.
    /// </summary>
    private async Task LingerAsync()
    {
        _host.Wheel.Schedule(_deadline ??= new CloseDeadline(this), LingerTime);
        var buffer = ArrayPool<byte>.Shared.Rent(InitialReceiveBuffer);
        try
        {
            while (await _connection.ReadAsync(buffer, CancellationToken.None) > 0)
            {
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

    private void EndSession(EngineSession session, CloseReason reason, Exception? exception)
    {
        if (_session is not null)
            session.End(reason, exception);
        else if (_attempt is { } attempt)
            session.FailUpgrade(attempt);
    }

    /// <summary>Reads until a close frame has come (true) or the connection is of no more use (false).</summary>
    private async Task<bool> ReadAsync(EngineSession session)
    {
        while (true)
        {
            // Waits without a buffer; one is rented when there is something to put into it.
            var result = await _socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
            var length = 0;
            if (!result.EndOfMessage && result.MessageType != WebSocketMessageType.Close)
            {
                (result, length) = await ReadMessageAsync();
                if (length < 0)
                {
                    ReturnReceived();
                    if (_session is null)
                        return false;

                    // What is left of it is read and thrown away until the client has seen the close frame and answers it.
                    RefuseTooBig(session);
                    continue;
                }
            }

            if (result.MessageType == WebSocketMessageType.Close)
            {
                await OnPeerClosedAsync(session);
                return true;
            }

            var message = _received.AsMemory(0, length);
            var goOn = _session is null
                ? await ProbeAsync(session, message, result.MessageType)
                : await DispatchAsync(session, message, result.MessageType);
            ReturnReceived();
            if (!goOn && _session is null)
                return false;
        }
    }

    private async ValueTask<(ValueWebSocketReceiveResult Result, int Length)> ReadMessageAsync()
    {
        var max = _host.Options.MaxHttpBufferSize;
        var length = 0;
        _received = ArrayPool<byte>.Shared.Rent(InitialReceiveBuffer);
        while (true)
        {
            if (length == _received.Length)
            {
                // One byte more than is allowed, so that reading it shows that the limit is passed.
                var larger = ArrayPool<byte>.Shared.Rent(Math.Min(max + 1, length * 2));
                _received.AsSpan(0, length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_received);
                _received = larger;
            }

            var result = await _socket.ReceiveAsync(_received.AsMemory(length), CancellationToken.None);
            if (result.MessageType == WebSocketMessageType.Close)
                return (result, 0);
            length += result.Count;
            if (length > max)
                return (result, -1);
            if (result.EndOfMessage)
                return (result, length);
        }
    }

    private static async ValueTask<bool> DispatchAsync(EngineSession session, ReadOnlyMemory<byte> message, WebSocketMessageType type)
    {
        if (type == WebSocketMessageType.Binary)
            return await session.HandleAsync(message, binary: true);
        if (PacketCodec.TryReadType(message.Span, out var packet))
            return await session.ReceiveAsync(packet, message[1..]);
        session.End(CloseReason.ParseError, new ProtocolViolationException("A packet without a type, or of a type that does not exist."));
        return false;
    }

    private async ValueTask<bool> ProbeAsync(EngineSession session, ReadOnlyMemory<byte> message, WebSocketMessageType type)
    {
        if (type == WebSocketMessageType.Text && PacketCodec.TryReadType(message.Span, out var packet))
        {
            if (packet == PacketType.Ping && message.Span[1..].SequenceEqual(PacketCodec.Probe))
            {
                await _connection.WriteAsync(ProbeAnswer.Frames, CancellationToken.None);
                _attempt!.OnProbe();
                return true;
            }

            if (packet == PacketType.Upgrade)
                return await session.CompleteUpgradeAsync(_attempt!, this);
        }

        // Before the client is told: it may try again as soon as it knows.
        session.FailUpgrade(_attempt!);
        await _connection.WriteAsync(WebSocketFrame.CreateClose((ushort)WebSocketCloseStatus.ProtocolError, "not a probe"), CancellationToken.None);
        await LingerAsync();
        return false;
    }

    private async ValueTask OnPeerClosedAsync(EngineSession session)
    {
        if (_session is not null)
        {
            session.End(CloseReason.TransportClose, exception: null);
            return;
        }

        session.FailUpgrade(_attempt!);
        await _connection.WriteAsync(WebSocketFrame.CreateClose((ushort)WebSocketCloseStatus.NormalClosure, ""), CancellationToken.None);
    }

    private void RefuseTooBig(EngineSession session)
    {
        var limit = _host.Options.MaxHttpBufferSize;
        lock (session.Gate)
            _closeFrame ??= WebSocketFrame.CreateClose((ushort)WebSocketCloseStatus.MessageTooBig, $"at most {limit} bytes");
        session.End(CloseReason.TransportError, new ProtocolViolationException($"A message of more than {limit} bytes."));
    }

    /// <summary>Takes what the framework's WebSocket writes on its own account.</summary>
    internal async ValueTask WriteControlAsync(ReadOnlyMemory<byte> frame)
    {
        if (_session is not { } session)
        {
            await _connection.WriteAsync(frame, CancellationToken.None);
            return;
        }

        if (!WebSocketFrame.IsClose(frame.Span))
        {
            session.SendControl(OutboundMessage.ControlFrame(frame.Span));
            return;
        }

        // It is written last, by the close that follows.
        lock (session.Gate)
            _closeFrame ??= frame.ToArray();
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
        if (_deadline is { } deadline)
            _host.Wheel.Cancel(deadline);
        _socket.Dispose();
    }

    private void ReturnReceived()
    {
        if (_received is not { } received)
            return;
        _received = null;
        ArrayPool<byte>.Shared.Return(received);
    }
}
