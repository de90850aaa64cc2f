using System.Threading.RateLimiting;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// A file that the site is sending. It ends when it is disposed, when nothing of it is read for <see cref="Stall"/>, because the site sends none or because
/// the one who asked for it takes none, and after <see cref="Longest"/>: nobody keeps the place of others by reading slowly.
/// </summary>
/// <remarks>Threading: one reader at a time; the end by time may come beside it.</remarks>
internal sealed class SiteDownload : IDisposable
{
    /// <summary>How long may pass without a byte.</summary>
    public static readonly TimeSpan Stall = TimeSpan.FromSeconds(30);

    /// <summary>How long all of it may take: the largest file at 85 KB a second.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    private readonly Stream _content;
    private readonly RateLimitLease? _turn;
    private readonly TimeProvider _timeProvider;
    private readonly long _begunAt;
    private readonly CancellationTokenSource _end;

    public SiteDownload(HttpResponseMessage response, Stream content, RateLimitLease? turn, TimeProvider timeProvider)
    {
        Response = response;
        _content = content;
        _turn = turn;
        _timeProvider = timeProvider;
        _begunAt = timeProvider.GetTimestamp();
        _end = new CancellationTokenSource(Stall, timeProvider);
        _end.Token.Register(Release);
    }

    /// <summary>The status and the headers.</summary>
    public HttpResponseMessage Response { get; }

    /// <summary>Reads some of the file; 0 at its end. Throws an <see cref="IOException"/> when it has ended by time.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(_end.Token, cancellationToken);
        try
        {
            linked.Token.ThrowIfCancellationRequested();
            Extend();
            return await _content.ReadAsync(buffer, linked.Token);
        }
        catch (Exception e) when (_end.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new IOException("The file of the WordPress site took too long.", e);
        }
        finally
        {
            Extend();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Release();
        _end.Dispose();
    }

    private void Extend()
    {
        var left = Longest - _timeProvider.GetElapsedTime(_begunAt);
        if (left < Stall)
            _end.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        else
            _end.CancelAfter(Stall);
    }

    private void Release()
    {
        Response.Dispose();
        _turn?.Dispose();
    }
}
