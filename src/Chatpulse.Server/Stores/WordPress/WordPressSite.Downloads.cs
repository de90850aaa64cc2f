using System.Threading.RateLimiting;

namespace Chatpulse.Server.Stores.WordPress;

// Files, in places of their own: no message waits for somebody who reads slowly.
internal sealed partial class WordPressSite
{
    /// <summary>Files that may be on their way at the same time, beside the calls.</summary>
    public const int MaxDownloads = 4;

    private const int MaxWaitingDownloads = 100;

    private readonly ConcurrencyLimiter _downloads = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = MaxDownloads,
        QueueLimit = MaxWaitingDownloads,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>
    /// Opens a file of the site. The caller disposes the response, whose body is read from the network as it comes; until then, and within the limits of <see cref="SiteDownload"/>, it holds one of the places of downloads.
    /// </summary>
    public async Task<SiteDownload> DownloadAsync(SiteCall call, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(_timeout, _timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var turn = await TurnAsync(_downloads, call, linked.Token, cancellationToken);
        try
        {
            return await TryAsync(
                call, async (response, token) => new SiteDownload(response, await response.Content.ReadAsStreamAsync(token), turn, _timeProvider), linked.Token, cancellationToken, keepsResponse: true);
        }
        catch (Exception e)
        {
            turn?.Dispose();
            if (e is SiteFailureException failure)
                throw Unavailable(failure);
            throw;
        }
    }
}
