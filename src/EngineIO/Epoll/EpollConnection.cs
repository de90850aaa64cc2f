using System.Net;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace EngineIO.Epoll;

/// <summary>An accepted TCP connection, as a stream whose waits an event loop ends.</summary>
/// <remarks>
/// Threading: one reader and one writer at a time, on any threads; <see cref="Abort"/> and <see cref="Dispose(bool)"/> by any thread at any time. The number of a closed
/// file is given to the next connection at once, so the file is closed only when no system call uses it: <c>_use</c> counts those who do, and has its
/// highest bit set once it is to be closed. A read of no bytes waits until there is something to read; other reads and writes try first and wait only
/// when the system has nothing or no room. Where a wait goes on is decided by <see cref="ContinuesOnThreadPool"/>.
/// </remarks>
internal sealed class EpollConnection : Stream, IEventSink
{
    private const int Closing = int.MinValue;
    private const int Closed = int.MinValue | (1 << 30);

    private readonly int _file;
    private readonly EpollLoop _loop;
    private readonly Readiness _readable = new();
    private readonly Readiness _writable = new();
    private ReadOnlyMemory<byte> _unread;
    private Action? _onPeerGone;
    private int _use;

    public EpollConnection(int file, EpollLoop loop, EpollConnectionListener listener)
    {
        _file = file;
        _loop = loop;
        Listener = listener;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Who accepted it.</summary>
    public EpollConnectionListener Listener { get; }

    ulong IEventSink.Token { get; set; }

    /// <summary>
    /// True: whoever waits goes on in a thread of the pool, and may block it. False: inside of the loop. To be set by the reader, while nothing waits.
    /// </summary>
    public bool ContinuesOnThreadPool
    {
        set => _readable.ContinuesOnThreadPool = _writable.ContinuesOnThreadPool = value;
    }

    /// <summary>
    /// Whether Kestrel reads and writes it, which wants to be told of a reset by an exception when it reads, and of no failure when it writes: what cannot be written is
    /// thrown away with all that follows, and aborts the connection. Everybody else finds a reset to be an end like any other when reading, and is told when writing.
    /// To be set by who reads and writes.
    /// </summary>
    public bool IsKestrels { get; set; }

    /// <summary>Bytes that leave together with the next write, before its own; a write of nothing sends them alone. To be set by the writer.</summary>
    public ReadOnlyMemory<byte> Preamble { get; set; }

    /// <summary>The socket, while it is used: see <see cref="TryBeginSend"/>.</summary>
    public int File => _file;

    /// <summary>Called once when the peer has gone, or will send no more; at once if so already. Null takes it back.</summary>
    public Action? OnPeerGone
    {
        set
        {
            _onPeerGone = value;
            if (value is not null && _readable.HasEnded)
                Interlocked.Exchange(ref _onPeerGone, null)?.Invoke();
        }
    }

    /// <summary>Has the loop tell it what happens. Once, before anything is read or written. Nothing happens when it has been closed already.</summary>
    public void Register()
    {
        if (!TryUse())
            return;
        try
        {
            _loop.Add(_file, this, Libc.EpollIn | Libc.EpollOut | Libc.EpollRdHup | Libc.EpollEdgeTriggered);

            // Who closed it meanwhile may have had nothing to remove yet.
            if (Volatile.Read(ref _use) < 0)
                _loop.Remove(this);
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Puts a write off, which the loop makes when it is woken. False when the loop has ended.</summary>
    public bool TryPost(IPendingWriter writer, LoopWakes wakes)
    {
        if (!_loop.TryPost(writer))
            return false;
        wakes.Add(_loop);
        return true;
    }

    /// <summary>
    /// Lets the writer make one attempt to send by itself, the <see cref="Preamble"/> first, until it calls <see cref="EndSend"/>. False when the connection has been closed.
    /// </summary>
    public bool TryBeginSend()
    {
        if (!TryUse())
            return false;
        _writable.Clear();
        return true;
    }

    /// <summary>The attempt has been made. What was not sent is to be written as ever, which finds out why.</summary>
    public void EndSend() => Release();

    /// <summary>Bytes that have been read already and are to be read again, before all others.</summary>
    public void Unread(ReadOnlyMemory<byte> bytes) => _unread = bytes;

    /// <summary>Lets who waits for something to read find out that there is nothing.</summary>
    public void EndReadWait() => _readable.Signal();

    /// <summary>Ends it in both directions at once: whoever reads finds its end, whoever writes an error, and what the peer has not taken is thrown away.</summary>
    public unsafe void Abort()
    {
        if (!TryUse())
            return;

        // On, and no time: closing resets the connection, rather than have the system keep what a stalled peer does not take.
        Span<int> linger = [1, 0];
        fixed (int* pointer = linger)
            _ = Libc.SetOption(_file, Libc.SocketLevel, Libc.Linger, pointer, sizeof(int) * linger.Length);
        _ = Libc.Shutdown(_file, Libc.ShutdownBoth);
        Release();
        EndWaits();
    }

    void IEventSink.OnEvents(uint events)
    {
        if ((events & (Libc.EpollHup | Libc.EpollErr)) != 0)
            _writable.End();
        else if ((events & Libc.EpollOut) != 0)
            _writable.Signal();
        if ((events & (Libc.EpollRdHup | Libc.EpollHup | Libc.EpollErr)) != 0)
        {
            Interlocked.Exchange(ref _onPeerGone, null)?.Invoke();
            _readable.End();
        }
        else if ((events & Libc.EpollIn) != 0)
        {
            _readable.Signal();
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_unread.IsEmpty)
        {
            var count = Math.Min(_unread.Length, buffer.Length);
            _unread[..count].CopyTo(buffer);
            _unread = _unread[count..];
            return new ValueTask<int>(count);
        }

        if (buffer.IsEmpty)
        {
            var wait = _readable.WaitAsync();
            return wait.IsCompleted || !cancellationToken.CanBeCanceled ? wait : AwaitReadableAsync(wait, cancellationToken);
        }

        return TryReceive(buffer.Span, out var received) ? new ValueTask<int>(received) : ReceiveAsync(buffer, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!Preamble.IsEmpty)
        {
            buffer = buffer.IsEmpty ? Preamble : (byte[])[.. Preamble.Span, .. buffer.Span];
            Preamble = default;
        }

        if (IsKestrels)
            return SendOrDropAsync(buffer);
        var sent = TrySend(buffer.Span);
        return sent == buffer.Length ? default : SendAsync(buffer[sent..]);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>The local address, asked from the system.</summary>
    public unsafe IPEndPoint? GetLocalEndPoint()
    {
        if (!TryUse())
            return null;
        Span<byte> address = stackalloc byte[SocketAddressReader.Size];
        var length = address.Length;
        int failed;
        fixed (byte* pointer = address)
            failed = Libc.GetSocketName(_file, pointer, &length);
        Release();
        return failed == 0 ? SocketAddressReader.Read(address[..length]) : null;
    }

    protected override void Dispose(bool disposing)
    {
        if (!TryUse())
            return;
        var before = Interlocked.Or(ref _use, Closing);
        if (before < 0)
        {
            Release();
            return;
        }

        // Who uses it besides this may let go of it at any moment: the use of this keeps the file open until it is shut down.
        _loop.Remove(this);
        if (before > 1)
            _ = Libc.Shutdown(_file, Libc.ShutdownBoth);
        Release();
        EndWaits();
        Listener.OnClosed();
        base.Dispose(disposing);
    }

    private async ValueTask<int> AwaitReadableAsync(ValueTask<int> wait, CancellationToken cancellationToken)
    {
        await using var registration = cancellationToken.UnsafeRegister(static (readable, token) => ((Readiness)readable!).Cancel(token), _readable);
        return await wait;
    }

    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            await AwaitReadableAsync(_readable.WaitAsync(), cancellationToken);
            if (TryReceive(buffer.Span, out var received))
                return received;
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> buffer)
    {
        while (true)
        {
            // It was full. What was told before the last attempt is worth nothing.
            await _writable.WaitAsync();
            buffer = buffer[TrySend(buffer.Span)..];
            if (buffer.IsEmpty)
                return;
        }
    }

    private async ValueTask SendOrDropAsync(ReadOnlyMemory<byte> buffer)
    {
        try
        {
            var sent = TrySend(buffer.Span);
            if (sent < buffer.Length)
                await SendAsync(buffer[sent..]);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            Abort();
        }
    }

    /// <summary>Receives what is there. False when nothing is; 0 bytes at the end.</summary>
    public unsafe bool TryReceive(Span<byte> buffer, out int received)
    {
        Use();
        try
        {
            while (true)
            {
                _readable.Clear();
                nint count;
                fixed (byte* pointer = buffer)
                    count = Libc.Receive(_file, pointer, buffer.Length, 0);
                received = (int)count;
                if (count == buffer.Length)
                    _readable.Signal();
                if (count >= 0)
                    return true;
                switch (Marshal.GetLastPInvokeError())
                {
                    case Libc.Interrupted:
                        continue;
                    case Libc.TryAgain:
                        received = 0;
                        return false;

                    // Clients that just vanish are a part of life, and an exception costs more than all else that was done for them.
                    case Libc.ConnectionReset when !IsKestrels:
                        received = 0;
                        return true;
                    case var error:
                        throw Failure("Reading", error);
                }
            }
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Sends as much as there is room for, and returns how much that was.</summary>
    private unsafe int TrySend(ReadOnlySpan<byte> buffer)
    {
        Use();
        try
        {
            var sent = 0;
            while (true)
            {
                _writable.Clear();
                nint count;
                fixed (byte* pointer = buffer)
                    count = Libc.Send(_file, pointer + sent, buffer.Length - sent, Libc.NoSignal);
                if (count >= 0)
                {
                    // Only an attempt that finds no room at all makes the system tell of room.
                    if ((sent += (int)count) == buffer.Length)
                        return sent;
                    continue;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case Libc.Interrupted:
                        continue;
                    case Libc.TryAgain:
                        return sent;
                    case var error:
                        throw Failure("Writing", error);
                }
            }
        }
        finally
        {
            Release();
        }
    }

    private static IOException Failure(string what, int error)
    {
        var message = $"{what} failed: {Marshal.GetPInvokeErrorMessage(error)} ({error}).";
        return error is Libc.ConnectionReset or Libc.BrokenPipe ? new ConnectionResetException(message) : new IOException(message);
    }

    private void EndWaits()
    {
        _writable.End();
        _readable.End();
    }

    private void Use()
    {
        ObjectDisposedException.ThrowIf(!TryUse(), this);
    }

    private bool TryUse()
    {
        if (Interlocked.Increment(ref _use) > 0)
            return true;
        Release();
        return false;
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _use) == Closing)
            CloseFile();
    }

    private void CloseFile()
    {
        if (Interlocked.CompareExchange(ref _use, Closed, Closing) == Closing)
            _ = Libc.Close(_file);
    }
}
