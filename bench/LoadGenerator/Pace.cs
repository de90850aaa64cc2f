using System.Diagnostics;

namespace LoadGenerator;

/// <summary>
/// Does something at a fixed rate whatever the server does meanwhile. What is due is reckoned from the plan and not from when it was done: a server that holds up
/// the generator does not get its latency forgiven.
/// </summary>
internal sealed class Pace(EventLoop loop, double rate)
{
    private readonly long _step = (long)(Stopwatch.Frequency / rate);
    private readonly long _tolerated = Stopwatch.Frequency / 1000;

    /// <summary>Goes on for that long; <paramref name="act"/> gets the time that it was due.</summary>
    /// <returns>Of all that was done, the share that was done more than a millisecond late.</returns>
    public double RunFor(double seconds, Action<long> act)
    {
        var (done, late) = (0L, 0L);
        var next = Stopwatch.GetTimestamp();
        loop.RunFor(seconds, next, () =>
        {
            done++;
            if (Stopwatch.GetTimestamp() - next > _tolerated) late++;
            act(next);
            return next += _step;
        });
        return done == 0 ? 0 : (double)late / done;
    }
}
