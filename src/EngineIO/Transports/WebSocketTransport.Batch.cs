using EngineIO.Epoll;

namespace EngineIO.Transports;

/// <content>Writes that leave together with those of other connections, in one system call.</content>
internal sealed partial class WebSocketTransport
{
    // Claimed by a batch of its loop's.
    private bool _batched;

    // What the batch could not write, which goes before all that waits.
    private RestOfWrite? _rest;

    bool IPendingWriter.TryWriteWith(SendBatch batch)
    {
        if (_connection is not EpollConnection connection)
            return false;
        lock (_session!.Gate)
        {
            if (!_corked)
                return true;
            var queue = _session.Queue;
            if (_closing || _rest is not null || queue.Peek() is not { } first || first.Length + connection.Preamble.Length > SendBatch.MaxLength || !connection.TryBeginSend())
                return false;
            try
            {
                var preamble = connection.Preamble;
                var alone = queue.Count == 1 && preamble.IsEmpty ? first : null;
                if (!preamble.IsEmpty || !batch.TryRepeat(queue, _deflate))
                {
                    batch.Remember(queue, _deflate);
                    preamble.CopyTo(batch.Free);
                    connection.Preamble = default;
                    var length = preamble.Length + Join(queue, batch.Free[preamble.Length..], recycling: alone is null);
                    batch.Append(queue, length, preamble.IsEmpty);
                }

                batch.Add(this, connection, alone);
            }
            catch (Exception exception)
            {
                // Some of it may have been taken from the queue. To end the session from here would tell the application, while others wait for the batch.
                batch.Forget();
                connection.EndSend();
                _rest = new RestOfWrite(default, null, null, exception);
                return false;
            }

            _corked = _posted = false;
            _batched = true;
            return true;
        }
    }

    void IPendingWriter.OnWritten(ReadOnlyMemory<byte> rest, OutboundMessage? message)
    {
        if (rest.IsEmpty)
            message?.Recycle();
        lock (_session!.Gate)
        {
            _batched = false;
            if (!rest.IsEmpty)
            {
                _rest = Keep(rest, message);
            }
            else if (_session.Queue.Count == 0 && !_closing && !_session.IsDraining)
            {
                EndWriting();
                return;
            }

            if (Cork.Current?.TryAdd(this) == true)
            {
                _corked = true;
                return;
            }
        }

        // Not here: others wait to hear of their part of the batch, and what follows may tell the application of something.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private RestOfWrite Keep(ReadOnlyMemory<byte> rest, OutboundMessage? message)
    {
        if (message is not null)
            return new RestOfWrite(FramesOf(message)[^rest.Length..], message, null, null);
        var copy = System.Buffers.ArrayPool<byte>.Shared.Rent(rest.Length);
        rest.CopyTo(copy);
        return new RestOfWrite(copy.AsMemory(0, rest.Length), null, copy, null);
    }

    // The lock is held.
    private ReadOnlyMemory<byte> TakeRest(out OutboundMessage? alone)
    {
        var (data, message, copy, failure) = _rest!;
        _rest = null;
        if (failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        _batch = copy;
        alone = message;
        return data;
    }

    /// <summary>What is left of a write that a batch has tried: bytes of one message, or of several in a copy, or why nothing more can be written.</summary>
    private sealed record RestOfWrite(ReadOnlyMemory<byte> Data, OutboundMessage? Message, byte[]? Copy, Exception? Failure);
}
