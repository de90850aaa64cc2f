namespace Chatpulse.Server.Logging;

/// <summary>
/// What is worth a warning once, and would drown the log if it were written each time: a reason is logged when it first comes, and then at most once a minute
/// with how often it came between.
/// </summary>
/// <remarks>Threading: anyone calls; the lock guards the table. It holds 64 reasons; what is over that shares one place, so reasons may hold text of others.</remarks>
internal sealed class RepeatedWarnings(TimeProvider timeProvider)
{
    private const int MaxReasons = 64;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long LoggedAt, long Since)> _reasons = new(StringComparer.Ordinal);

    /// <summary>Whether to log the reason now, and how often it came since it was logged last.</summary>
    public bool ShouldLog(string reason, out long unlogged)
    {
        unlogged = 0;
        lock (_lock)
        {
            if (!_reasons.ContainsKey(reason) && _reasons.Count >= MaxReasons)
                reason = "";
            if (_reasons.TryGetValue(reason, out var known))
            {
                if (timeProvider.GetElapsedTime(known.LoggedAt) < Interval)
                {
                    _reasons[reason] = (known.LoggedAt, known.Since + 1);
                    return false;
                }

                unlogged = known.Since;
            }

            _reasons[reason] = (timeProvider.GetTimestamp(), 0);
            return true;
        }
    }
}
