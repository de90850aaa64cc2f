using System.Net;
using Microsoft.Extensions.Logging;

namespace EngineIO.Epoll;

/// <content>Connections whose first bytes the loop reads itself: those that open a WebSocket need nothing of Kestrel, the others are given to it with what they sent.</content>
internal sealed partial class EpollConnectionListener
{
    [ThreadStatic]
    private static byte[]? _firstBytes;

    private readonly LinkedList<(EpollConnection Connection, long Since)> _silent = new();
    private readonly TimeSpan _silentTime;
    private readonly Timer? _silentTimer;
    private bool _watchesSilent;
    private bool _endedSilent;
    private volatile bool _isPlain;

    /// <summary>
    /// A connection has left Kestrel, so nothing stands between the two at this end point, such as TLS: the next ones need not go to it at all.
    /// </summary>
    internal void OnDetached() => _isPlain = _upgrades is not null;

    private async Task ReceiveFirstAsync(EpollConnection connection, IPEndPoint? remote, long number)
    {
        try
        {
            var silent = AddSilent(connection);
            connection.Register();
#pragma warning disable CA2022, MA0060 // This read has no room for a byte: it waits for one.
            await connection.ReadAsync(Memory<byte>.Empty, CancellationToken.None);
#pragma warning restore CA2022, MA0060
            RemoveSilent(silent);
            var request = ReadFirst(connection);
            if (request is null)
                GiveToKestrel(connection, remote, number);
            else
                await _upgrades!.Application!.ServeAsync(new UpgradeExchange(request, connection, IdOf(number), remote));
        }
        catch (Exception exception)
        {
            // Gone, or stopped: it is nobody else's yet.
            if (exception is not (IOException or ObjectDisposedException))
                LogFirstFailed(_logger, exception);
            await connection.DisposeAsync();
        }
    }

    /// <summary>The request if it opens a WebSocket at a path of ours. Null if it is Kestrel's, which then finds all that was read.</summary>
    private UpgradeRequest? ReadFirst(EpollConnection connection)
    {
        var buffer = _firstBytes ??= new byte[UpgradeRequest.MaxBytes];
        if (!connection.TryReceive(buffer, out var count))
            return null;
        var bytes = buffer.AsSpan(0, count);
        var request = UpgradeRequest.TryRead(bytes, out var length);
        if (request is not null && !_upgrades!.Has(request.Path))
            request = null;
        connection.Unread(bytes[(request is null ? 0 : length)..].ToArray());
        return request;
    }

    private LinkedListNode<(EpollConnection Connection, long Since)> AddSilent(EpollConnection connection)
    {
        lock (_silent)
        {
            ObjectDisposedException.ThrowIf(_endedSilent, this);
            if (!_watchesSilent)
            {
                _watchesSilent = true;
                _silentTimer!.Change(_silentTime, Timeout.InfiniteTimeSpan);
            }

            return _silent.AddLast((connection, Environment.TickCount64));
        }
    }

    private void RemoveSilent(LinkedListNode<(EpollConnection Connection, long Since)> node)
    {
        lock (_silent)
        {
            if (node.List is not null)
                _silent.Remove(node);
        }
    }

    /// <summary>Nobody takes what they would say any more.</summary>
    private void EndSilent()
    {
        List<EpollConnection> silent;
        lock (_silent)
        {
            _endedSilent = true;
            silent = TakeSilent(long.MaxValue);
            _silentTimer?.Dispose();
        }

        foreach (var connection in silent)
            connection.Dispose();
    }

    private void OnSilent()
    {
        var silent = TakeSilent(Environment.TickCount64 - (long)_silentTime.TotalMilliseconds);
        foreach (var connection in silent)
            connection.EndReadWait();
    }

    private List<EpollConnection> TakeSilent(long since)
    {
        var taken = new List<EpollConnection>();
        lock (_silent)
        {
            while (_silent.First is { } first && first.Value.Since <= since)
            {
                taken.Add(first.Value.Connection);
                _silent.RemoveFirst();
            }

            _watchesSilent = _silent.Count > 0;
            if (_watchesSilent)
                _silentTimer!.Change(_silentTime, Timeout.InfiniteTimeSpan);
        }

        return taken;
    }

    [LoggerMessage(EventId = 35, Level = LogLevel.Error, Message = "The first bytes of a connection could not be handled")]
    private static partial void LogFirstFailed(ILogger logger, Exception exception);
}
