namespace EngineIO.Epoll;

/// <summary>The last files that this process may open, which connections do not get: the runtime needs some to start a thread, and ends the process when it cannot.</summary>
/// <remarks>Threading: any thread. The limit is asked for each time, as it can be changed while the process runs.</remarks>
internal static unsafe class SpareFiles
{
    private const int Count = 32;

    /// <summary>Whether a file that was opened just now leaves too few: the system gives the lowest number that is free.</summary>
    public static bool AreTouchedBy(int file)
    {
        var limits = stackalloc ulong[2];
        return Libc.GetLimit(Libc.FileLimit, limits) == 0 && (ulong)file + Count >= limits[0];
    }

    /// <summary>Whether a file could be opened now that leaves enough.</summary>
    public static bool AreLeftAlone()
    {
        var probe = Libc.EventFile(0, Libc.CloseOnExec);
        if (probe < 0)
            return false;
        _ = Libc.Close(probe);
        return !AreTouchedBy(probe);
    }
}
