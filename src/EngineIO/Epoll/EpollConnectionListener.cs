using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace EngineIO.Epoll;

/// <summary>Accepts the connections of one end point and spreads them over the loops.</summary>
/// <remarks>Threading: accepting is done by the first loop's leader; Kestrel takes from the channel, one at a time.</remarks>
internal sealed partial class EpollConnectionListener : IConnectionListener, IEventSink
{
    private const int MostAtOnce = 64;

    // What the system may hold of a connection that the peer's window has no room for: enough to go on while the loop is elsewhere.
    private const int MostUnsent = 128 * 1024;

    // The system has no file for another connection: others have to be closed first.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan QuietTime = TimeSpan.FromMinutes(1);

    private readonly bool _onLoop;
    private readonly DirectUpgrades? _upgrades;
    private readonly EpollLoop[] _loops;
    private readonly MemoryPool<byte> _pool;
    private readonly ILogger _logger;
    private readonly Socket _socket;
    private readonly int _file;
    private readonly string _prefix = $"{Guid.NewGuid():N}"[..12];
    private readonly Channel<ConnectionContext> _accepted = Channel.CreateUnbounded<ConnectionContext>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _allClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Timer _retry;
    private CancellationToken _hurry;
    private long _count;
    private long _quietUntil;
    private int _open = 1;
    private bool _unbound;

    public EpollConnectionListener(IPEndPoint endPoint, EpollTransportOptions options, DirectUpgrades? upgrades, EpollLoop[] loops, MemoryPool<byte> pool, ILogger logger)
    {
        _upgrades = upgrades;
        _silentTime = options.SilentTime;
        _onLoop = options.RequestsOnLoop;
        _loops = loops;
        _pool = pool;
        _logger = logger;
        _retry = new Timer(static listener => ((EpollConnectionListener)listener!).ListenAgain(), this, Timeout.Infinite, Timeout.Infinite);
        if (upgrades is not null)
            _silentTimer = new Timer(static listener => ((EpollConnectionListener)listener!).OnSilent(), this, Timeout.Infinite, Timeout.Infinite);
        _socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // As Kestrel does: Any of IPv6 is for IPv4 too.
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
                _socket.DualMode = true;

            // What is accepted has the listener's options.
            _socket.NoDelay = true;
            BoundUnsent(_socket);
            _socket.Bind(endPoint);
            _socket.Listen(options.Backlog);
            _socket.Blocking = false;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            _socket.Dispose();
            throw new AddressInUseException(exception.Message, exception);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }

        EndPoint = _socket.LocalEndPoint!;
        _file = (int)_socket.SafeHandle.DangerousGetHandle();
        Listen();
    }

    public EndPoint EndPoint { get; }

    ulong IEventSink.Token { get; set; }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_accepted.Reader.TryRead(out var connection))
                return connection;
        }

        return null;
    }

    /// <summary>Accepts nothing any more.</summary>
    /// <param name="cancellationToken">Until when the end of the open connections may take: <see cref="DisposeAsync"/> waits for it.</param>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _hurry = cancellationToken;
        Unbind();
        return default;
    }

    /// <summary>Completes when every connection has ended, those included that have left Kestrel; what takes too long is cut.</summary>
    public async ValueTask DisposeAsync()
    {
        await UnbindAsync(_hurry);
        while (_accepted.Reader.TryRead(out var connection))
            await connection.DisposeAsync();
        try
        {
            await _allClosed.Task.WaitAsync(_hurry);
        }
        catch (OperationCanceledException)
        {
            foreach (var loop in _loops)
            {
                foreach (var sink in loop.Sinks())
                {
                    if (sink is EpollConnection connection && connection.Listener == this)
                        connection.Abort();
                }
            }
        }
    }

    /// <summary>A connection has ended.</summary>
    internal void OnClosed()
    {
        if (Interlocked.Decrement(ref _open) == 0)
            _allClosed.TrySetResult();
    }

    void IEventSink.OnEvents(uint events)
    {
        // Not for longer than a few: connections that are there have their turn too, and the system tells of the rest again.
        for (var i = 0; i < MostAtOnce; i++)
        {
            if (!TryAccept())
                return;
        }
    }

    private void Unbind()
    {
        lock (_gate)
        {
            if (_unbound)
                return;
            _unbound = true;
            _loops[0].Forget(_file, this);
            _retry.Dispose();
            _socket.Dispose();
        }

        EndSilent();

        // The listener itself was the one that it began with.
        OnClosed();
        _accepted.Writer.TryComplete();
    }

    private void Listen()
    {
        lock (_gate)
        {
            if (!_unbound)
                _loops[0].Add(_file, this, Libc.EpollIn);
        }
    }

    private void ListenAgain()
    {
        try
        {
            if (SpareFiles.AreLeftAlone())
                Listen();
            else
                WaitForFiles(TooManyFiles);
        }
        catch (IOException exception)
        {
            WaitForFiles(exception.Message);
        }
        catch (ObjectDisposedException)
        {
            // The loops have ended.
        }
    }

    private unsafe bool TryAccept()
    {
        Span<byte> address = stackalloc byte[SocketAddressReader.Size];
        var length = address.Length;
        int file;
        lock (_gate)
        {
            // The number of a listener that was closed may be somebody else's by now.
            if (_unbound)
                return false;
            fixed (byte* pointer = address)
                file = Libc.Accept(_file, pointer, &length, Libc.NonBlocking | Libc.CloseOnExec);
            if (file >= 0)
                Interlocked.Increment(ref _open);
        }

        if (file < 0)
            return GoOnAfter(Marshal.GetLastPInvokeError());
        var isLast = SpareFiles.AreTouchedBy(file);
        if (isLast)
            WaitForFiles(TooManyFiles);
        var number = Interlocked.Increment(ref _count);
        var loop = _loops[number % _loops.Length];
        var connection = new EpollConnection(file, loop, this);
        var remote = SocketAddressReader.Read(address[..Math.Min(length, address.Length)]);
        if (_isPlain)
        {
            _ = ReceiveFirstAsync(connection, remote, number);
            return !isLast;
        }

        try
        {
            GiveToKestrel(connection, remote, number);
            connection.Register();
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        return !isLast;
    }

    // TCP_NOTSENT_LOWAT of tcp(7). Without it the system takes up to 4 MB for each client that does not read, which no queue of this server counts, and whose pages the
    // others wait for. Where the system does not know it, that is as it was.
    private static unsafe void BoundUnsent(Socket socket)
    {
        var bytes = MostUnsent;
        _ = Libc.SetOption((int)socket.SafeHandle.DangerousGetHandle(), Libc.TcpLevel, Libc.NotSentLowWater, &bytes, sizeof(int));
    }

    private void GiveToKestrel(EpollConnection connection, IPEndPoint? remote, long number)
    {
        var context = new EpollConnectionContext(connection, IdOf(number), remote, _pool, _onLoop);
        if (!_accepted.Writer.TryWrite(context))
            connection.Dispose();
    }

    private string IdOf(long number) => $"{_prefix}{number:X}";

    private static string TooManyFiles => Marshal.GetPInvokeErrorMessage(Libc.TooManyFiles);

    private bool GoOnAfter(int error)
    {
        switch (error)
        {
            case Libc.TryAgain:
                return false;
            case Libc.TooManyFiles or Libc.TooManyFilesInSystem or Libc.NoBuffers or Libc.OutOfMemory:
                WaitForFiles(Marshal.GetPInvokeErrorMessage(error));
                return false;
            default:
                // A connection that has gone before it was accepted.
                return true;
        }
    }

    private void WaitForFiles(string error)
    {
        if (Environment.TickCount64 >= _quietUntil)
        {
            _quietUntil = Environment.TickCount64 + (long)QuietTime.TotalMilliseconds;
            LogNoFile(_logger, error, EndPoint);
        }

        lock (_gate)
        {
            if (_unbound)
                return;
            _retry.Change(RetryAfter, Timeout.InfiniteTimeSpan);
            _loops[0].Forget(_file, this);
        }
    }

    [LoggerMessage(EventId = 33, Level = LogLevel.Error, Message = "No further connection can be accepted at {EndPoint} for the moment: {Error}")]
    private static partial void LogNoFile(ILogger logger, string error, EndPoint endPoint);
}
