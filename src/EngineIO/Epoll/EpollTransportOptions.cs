namespace EngineIO.Epoll;

/// <summary>How the epoll transport works.</summary>
public sealed class EpollTransportOptions
{
    /// <summary>Event loops, each with a thread of its own. Default: one for each processor that the process may use, 16 at most. 1 to 256.</summary>
    public int LoopCount { get; set; } = Math.Min(Environment.ProcessorCount, 16);

    /// <summary>Connections that may wait to be accepted, as far as the system allows as many. Default 512, as Kestrel's own transport. At least 1.</summary>
    public int Backlog { get; set; } = 512;

    /// <summary>
    /// Whether requests begin on their loop's thread too, which saves a change of threads for each. Default false: in a thread of the pool, as everywhere in ASP.NET
    /// Core. For applications none of whose endpoints and middleware block a thread.
    /// </summary>
    public bool RequestsOnLoop { get; set; }

    internal void Validate()
    {
        if (LoopCount is < 1 or > 256)
            throw new InvalidOperationException($"EpollTransportOptions.LoopCount is {LoopCount}; it must be from 1 to 256.");
        if (Backlog < 1)
            throw new InvalidOperationException($"EpollTransportOptions.Backlog is {Backlog}; it must be at least 1.");
    }
}
