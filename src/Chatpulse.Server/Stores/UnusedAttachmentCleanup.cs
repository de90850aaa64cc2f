namespace Chatpulse.Server.Stores;

/// <summary>
/// Has the store delete what was uploaded and never sent, when the server starts and once an hour. A store that cannot do it now is asked
/// again the next hour; nobody waits for it.
/// </summary>
internal sealed partial class UnusedAttachmentCleanup(IChatStore store, TimeProvider timeProvider, ILogger<UnusedAttachmentCleanup> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, timeProvider);
        try
        {
            do
                await DeleteAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A host that never got as far as starting, for a port that is taken, takes the cancellation for a failure.
        }
    }

    private async Task DeleteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var deleted = await store.DeleteUnusedAttachmentsAsync(stoppingToken);
            if (deleted > 0)
                LogDeleted(deleted);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailed(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} attachments that were never sent were deleted")]
    private partial void LogDeleted(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Attachments that were never sent could not be deleted")]
    private partial void LogFailed(Exception exception);
}
