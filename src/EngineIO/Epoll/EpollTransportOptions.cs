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

    /// <summary>
    /// Whether the loops read the opening request of a WebSocket themselves, when it is for the path of an Engine.IO server, and give it to the application without Kestrel, which takes a third off what a
    /// connection costs to open. Default false. The whole pipeline of middleware runs as ever, on the loop's thread as with <see cref="RequestsOnLoop"/>.
    /// </summary>
    /// <remarks>
    /// Begins at an end point with its first WebSocket that has left Kestrel, which shows that neither TLS nor anything else stands between. Requests with anything unusual about them, and all
    /// others, are Kestrel's as before. What such a request does not have: Kestrel's features, events and metrics of connections, its limits on their number
    /// (<see cref="EngineIOOptions.MaxSessions"/> bounds sessions), and the connection middleware of <c>ListenOptions.Use</c>.
    /// </remarks>
    public bool DirectUpgrades { get; set; }

    /// <summary>
    /// Whether a loop that has something for several connections sends it with one system call (Linux's io_uring), which takes a quarter off what a broadcast costs. Default true. Where the
    /// system has none (before Linux 5.19), or does not allow it, as most containers do by default, each connection has a system call of its own.
    /// </summary>
    public bool IoUring { get; set; } = true;

    /// <summary>How long the loops wait for a connection's first bytes before it is Kestrel's, which has the time-outs for silence. Two seconds; tests have no time.</summary>
    internal TimeSpan SilentTime { get; set; } = TimeSpan.FromSeconds(2);

    internal void Validate()
    {
        if (LoopCount is < 1 or > 256)
            throw new InvalidOperationException($"EpollTransportOptions.LoopCount is {LoopCount}; it must be from 1 to 256.");
        if (Backlog < 1)
            throw new InvalidOperationException($"EpollTransportOptions.Backlog is {Backlog}; it must be at least 1.");
    }
}
