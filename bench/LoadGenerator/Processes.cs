using System.Globalization;

namespace LoadGenerator;

/// <summary>What the system says of a process.</summary>
internal static class Processes
{
    private const double TicksPerSecond = 100;

    private static string? _packetThread;

    /// <summary>User and system seconds of all its threads so far.</summary>
    public static double Seconds(string process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");

        // The name may have spaces and brackets; what follows the last bracket has not.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>
    /// Seconds so far of the system's own thread for network packets on the processor that a process is bound to: it takes over, on nobody's account, when there are very
    /// many. 0 where it cannot be seen, or the process is not bound to one processor.
    /// </summary>
    public static double PacketThreadSeconds(string process)
    {
        var processor = Processor(process);
        _packetThread ??= Directory.GetDirectories("/proc").FirstOrDefault(folder => IsNamed(folder, $"ksoftirqd/{processor}")) ?? "";
        return _packetThread.Length == 0 ? 0 : Seconds(Path.GetFileName(_packetThread));
    }

    /// <summary>
    /// Seconds so far in which a process would have run on the processor that it is bound to, had the machine below this virtual one not been busy with something else.
    /// 0 where that is not told, or the process is not bound to one processor.
    /// </summary>
    public static double StolenSeconds(string process)
    {
        var name = $"cpu{Processor(process)} ";
        var line = File.ReadLines("/proc/stat").FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line.Split(' ')[8], CultureInfo.InvariantCulture) / TicksPerSecond;
    }

    // Its number, if it is one; a list of them is the name of none.
    private static string Processor(string process)
    {
        const string Key = "Cpus_allowed_list:";
        return File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith(Key, StringComparison.Ordinal))[Key.Length..].Trim();
    }

    private static bool IsNamed(string folder, string name)
    {
        try
        {
            return char.IsAsciiDigit(Path.GetFileName(folder)[0]) && string.Equals(File.ReadAllText($"{folder}/comm").TrimEnd(), name, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return false;
        }
    }

    /// <summary>Resident memory in KB.</summary>
    public static long ResidentKilobytes(string process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6, line.Length - 9).Trim(), CultureInfo.InvariantCulture);
    }
}
