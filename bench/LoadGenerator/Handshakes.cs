namespace LoadGenerator;

/// <summary>
/// Clients come, a few at a time, until there are so many; then all go and, when the server is done with that, come again. An operation is one
/// handshake: from the TCP connection to the joined namespace. Going does not count.
/// </summary>
internal sealed class Handshakes(Options options, EventLoop loop) : Scenario(options, loop)
{
    /// <inheritdoc />
    public override Result Run()
    {
        var warm = new Meter(Options);
        while (warm.Result.Seconds < Options.WarmUp) Batch(warm);
        while (Meter.Result.Seconds < Options.Seconds) Batch(Meter);
        return Meter.Result with { Connections = Options.Connections };
    }

    private void Batch(Meter meter)
    {
        meter.Begin();
        Open(Options.Connections);
        meter.End(Options.Connections);
        DropAll();
        AwaitQuiet();
    }
}
