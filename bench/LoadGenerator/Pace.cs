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
    private long _done;
    private long _late;

    /// <summary>Of all that was done, the share that was done more than a millisecond late.</summary>
    public double LateShare => _done == 0 ? 0 : (double)_late / _done;

    /// <summary>Goes on for that long; <paramref name="act"/> gets the time that it was due.</summary>
    public void RunFor(double seconds, Action<long> act)
    {
        var next = Stopwatch.GetTimestamp();
        loop.RunFor(seconds, next, () =>
        {
            _done++;
            if (Stopwatch.GetTimestamp() - next > _tolerated) _late++;
            act(next);
            return next += _step;
        });
    }
}
