using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Health;

/// <summary>
/// Whether the store can be read and written. Asking costs the store a write, so one answer serves everybody who asks within 2 seconds:
/// a monitor that asks often, or a stranger who asks all the time, is no load.
/// </summary>
/// <remarks>Threading: called by any number of requests. The lock guards which check is the current one; nobody waits while holding it.</remarks>
internal sealed partial class StoreHealth(IChatStore store, TimeProvider timeProvider, ILogger logger)
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(2);

    // A store that does not answer is as bad as one that says no, and a monitor will not wait for ever.
    private static readonly TimeSpan TimeOut = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private Task<StoreState>? current;
    private long startedAt;

    /// <summary>The state of the store, at most 2 seconds old, or what is found now.</summary>
    public Task<StoreState> CheckAsync()
    {
        lock (gate)
        {
            if (current is null || (current.IsCompleted && timeProvider.GetElapsedTime(startedAt) >= FreshFor))
            {
                startedAt = timeProvider.GetTimestamp();
                current = RunAsync();
            }

            return current;
        }
    }

    private async Task<StoreState> RunAsync()
    {
        try
        {
            await store.CheckHealthAsync(CancellationToken.None).AsTask().WaitAsync(TimeOut, timeProvider);
            return new StoreState("ok");
        }
        catch (ChatException refusal)
        {
            return new StoreState(refusal.Code, refusal.Message);
        }
        catch (TimeoutException)
        {
            return new StoreState(ChatErrorCodes.Unavailable, "The store did not answer within 5 seconds.");
        }
        catch (Exception defect)
        {
            LogCheckFailed(defect);
            return new StoreState(ChatErrorCodes.Internal, "The store could not be checked. The server's log says why.");
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The store could not be checked.")]
    private partial void LogCheckFailed(Exception defect);
}

/// <summary>How the store is: <c>ok</c>, or an error code with the reason.</summary>
internal sealed record StoreState(string Status, string? Message = null)
{
    public bool IsOk => Message is null;
}
