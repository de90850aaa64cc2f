namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// Keeps calls from a site that does not answer: after <see cref="FailuresToOpen"/> failures in a row, or one time-out in which it answered nobody, it is
/// open, and calls are refused in place of waiting for a time-out each. After <see cref="Break"/> one call is let through as a probe; its success closes
/// it again. A call that comes in the meantime waits for the end of the break and for the probe, <see cref="Patience"/> at most, so that the first
/// message after the site is back goes through.
/// </summary>
/// <remarks>
/// Threading: anyone calls; the lock guards all state. It counts failures in a row and not, as the usual libraries do, a rate over some seconds: calls
/// carry up to 200 messages each and a hanging site answers two in ten seconds, which is too few for a rate, while the many good answers just before an outage would outweigh it.
/// </remarks>
internal sealed class CircuitBreaker(TimeProvider timeProvider)
{
    public const int FailuresToOpen = 5;

    /// <summary>Short, because calls wait for its end; one call a second is no load for a site that is down.</summary>
    public static readonly TimeSpan Break = TimeSpan.FromSeconds(1);

    /// <summary>How long a call waits to learn whether the site is back.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // WordPress asks for ten minutes while it updates itself, which takes it seconds.
    private static readonly TimeSpan LongestBreak = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private int _failures;
    private bool _open;
    private bool _probing;
    private long _openedAt;
    private TimeSpan _break;
    private TaskCompletionSource _probed = NewProbe();

    /// <summary>What a call was let through as; goes back to <see cref="End"/>.</summary>
    public enum Pass
    {
        /// <summary>It was not.</summary>
        Refused,

        /// <summary>One of any number.</summary>
        Normal,

        /// <summary>The one that finds out whether the site is back.</summary>
        Probe,
    }

    /// <summary>How a call that was let through ended.</summary>
    public enum Outcome
    {
        /// <summary>The site answered, with whatever.</summary>
        Answered,

        /// <summary>It did not.</summary>
        Failed,

        /// <summary>It did not within the time-out, and nobody else was answered in that time either.</summary>
        Silent,

        /// <summary>The caller went away before anything was known.</summary>
        Abandoned,
    }

    /// <summary>Whether calls are refused, or one is just finding out.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_lock)
                return _open;
        }
    }

    /// <summary>Whether the next call would be refused.</summary>
    public bool Refuses
    {
        get
        {
            lock (_lock)
                return _open && (_probing || timeProvider.GetElapsedTime(_openedAt) < _break);
        }
    }

    /// <summary>Completes when a call may try to <see cref="EnterAsync"/>, with false when it has to be refused. Claims nothing.</summary>
    public async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task probed;
            TimeSpan remaining;
            lock (_lock)
            {
                if (!_open)
                    return true;
                remaining = _break - timeProvider.GetElapsedTime(_openedAt);
                if (!_probing && remaining <= TimeSpan.Zero)
                    return true;
                if (!_probing && remaining > Patience)
                    return false;
                probed = _probing ? _probed.Task : Task.CompletedTask;
            }

            if (probed.IsCompleted)
                await Task.Delay(remaining, timeProvider, cancellationToken);
            else
                return await EndsWellAsync(probed, cancellationToken);
        }
    }

    /// <summary>Lets a call through, or refuses it, as soon as that is known.</summary>
    public async ValueTask<Pass> EnterAsync(CancellationToken cancellationToken)
    {
        while (await WaitAsync(cancellationToken))
        {
            lock (_lock)
            {
                if (!_open)
                    return Pass.Normal;
                if (!_probing && timeProvider.GetElapsedTime(_openedAt) >= _break)
                {
                    _probing = true;
                    _probed = NewProbe();
                    return Pass.Probe;
                }
            }
        }

        return Pass.Refused;
    }

    /// <summary>A call has ended. Answers true when this opened or closed it.</summary>
    /// <param name="pass">What <see cref="EnterAsync"/> answered.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="retryAfter">How long the site asked to be left alone.</param>
    public bool End(Pass pass, Outcome outcome, TimeSpan? retryAfter = null)
    {
        lock (_lock)
        {
            if (pass == Pass.Probe)
            {
                _probing = false;
                _probed.TrySetResult();
            }

            switch (outcome)
            {
                // Any answer counts, a late one too: the site is there.
                case Outcome.Answered:
                    var closed = _open;
                    _open = false;
                    _failures = 0;
                    _probed.TrySetResult();
                    return closed;

                case Outcome.Failed or Outcome.Silent when !_open:
                    if (++_failures < FailuresToOpen && outcome != Outcome.Silent && retryAfter is null)
                        return false;
                    Open(retryAfter);
                    return true;

                case Outcome.Failed or Outcome.Silent when pass == Pass.Probe:
                    Open(retryAfter);
                    return false;

                default:
                    return false;
            }
        }
    }

    private static TaskCompletionSource NewProbe() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async ValueTask<bool> EndsWellAsync(Task probed, CancellationToken cancellationToken)
    {
        try
        {
            await probed.WaitAsync(Patience, timeProvider, cancellationToken);
            return !IsOpen;
        }
        catch (TimeoutException)
        {
            return !IsOpen;
        }
    }

    private void Open(TimeSpan? retryAfter)
    {
        _open = true;
        _openedAt = timeProvider.GetTimestamp();
        _break = retryAfter is { } asked && asked > Break ? (asked < LongestBreak ? asked : LongestBreak) : Break;
    }
}
