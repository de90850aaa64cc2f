using System.Diagnostics;

namespace LoadGenerator;

/// <summary>Times that were measured, one by one: percentiles of them are exact.</summary>
internal sealed class Latencies
{
    private long[] _ticks = new long[64 * 1024];

    /// <summary>How many.</summary>
    public int Count { get; private set; }

    /// <summary>Adds the time since something was due.</summary>
    public void Add(long due, long now)
    {
        if (Count == _ticks.Length) Array.Resize(ref _ticks, 2 * Count);
        _ticks[Count++] = now - due;
    }

    /// <summary>In milliseconds: of a hundred the 50th, 90th and 99th, and the longest.</summary>
    public double[] Percentiles()
    {
        if (Count == 0) throw new LoadException("nothing came back");
        Array.Sort(_ticks, 0, Count);
        return [At(0.50), At(0.90), At(0.99), At(1)];
    }

    private double At(double share) => _ticks[Math.Min(Count - 1, (int)(Count * share))] * 1000.0 / Stopwatch.Frequency;
}
