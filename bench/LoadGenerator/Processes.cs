using System.Globalization;

namespace LoadGenerator;

/// <summary>What the system says of a process.</summary>
internal static class Processes
{
    private const double TicksPerSecond = 100;

    /// <summary>User and system seconds of all its threads so far.</summary>
    public static double Seconds(string process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");

        // The name may have spaces and brackets; what follows the last bracket has not.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Resident memory in KB.</summary>
    public static long ResidentKilobytes(string process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6, line.Length - 9).Trim(), CultureInfo.InvariantCulture);
    }
}
