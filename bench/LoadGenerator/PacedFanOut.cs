namespace LoadGenerator;

/// <summary>
/// One room whose messages are published at a fixed rate by one member: how long each takes to reach each of the others. With clients that stall, the same once
/// more after these have stopped reading. An operation is one delivery.
/// </summary>
internal sealed class PacedFanOut(Options options, EventLoop loop) : Scenario(options, loop)
{
    private const int MostBehind = 4096;

    // As little as a system gives: what it keeps for a client that hangs does not reach the server's queue.
    private const int StalledReceiveBuffer = 4096;

    private readonly Room _room = new(0, MostBehind, inOrder: true);
    private readonly Pace _pace = new(loop, options.Rate);
    private readonly long[] _due = new long[MostBehind];
    private long _firstCounted = long.MaxValue;
    private Latencies _latencies = new();
    private int _closed;

    /// <inheritdoc />
    public override Result Run()
    {
        Open(Options.Connections);
        _room.Members.AddRange(Clients.Where(client => !IsToStall(client.Index)));
        AskAll(_ => Dialect.Join(_room.Name));
        _room.Prepare(Dialect, Options.Payload, alike: true);
        _pace.RunFor(Options.WarmUp, Publish);
        AwaitRest("of the deliveries");

        Meter.Begin();
        var (latency, late) = Measure();
        Meter.End(_latencies.Count);
        var result = Meter.Result with { Connections = Clients.Count, LatencyMilliseconds = latency, LateShare = late };
        if (Options.Stalled == 0) return result;

        var resident = Processes.ResidentKilobytes(Options.Process);
        foreach (var client in Clients.Where(client => IsToStall(client.Index))) client.StopReading(StalledReceiveBuffer);
        (latency, late) = Measure();
        return result with
        {
            StalledLatencyMilliseconds = latency,
            StalledLateShare = late,
            Stalled = [Options.Stalled, _closed],
            ResidentKilobytes = [resident, Processes.ResidentKilobytes(Options.Process)],
        };
    }

    /// <inheritdoc />
    public override void OnDelivery(Client client, ReadOnlySpan<byte> message)
    {
        if (IsToStall(client.Index)) return;
        Come++;
        var (number, _) = _room.Take(client, message);
        if (number >= _firstCounted) _latencies.Add(_due[number % MostBehind], Loop.Now);
    }

    /// <inheritdoc />
    public override void OnLost(Client client, string why)
    {
        if (!IsToStall(client.Index)) base.OnLost(client, why);
        _closed++;
    }

    private bool IsToStall(int index)
    {
        if (Options.Stalled == 0) return false;
        var every = Options.Connections / Options.Stalled;
        return index % every == every / 2 && index / every < Options.Stalled;
    }

    private (double[] Milliseconds, double LateShare) Measure()
    {
        _firstCounted = _room.Published;
        _latencies = new Latencies();
        var late = _pace.RunFor(Options.Seconds, Publish);
        AwaitRest("of the deliveries");
        return (_latencies.Percentiles(), late);
    }

    private void Publish(long due)
    {
        if (Due - Come > (long)MostBehind * _room.Members.Count / 2)
            throw new LoadException($"the server is {MostBehind / 2} messages behind: it cannot keep up with {Options.Rate} a second");
        _due[_room.Published % MostBehind] = due;
        Due += _room.Members.Count;
        _room.Publish(0);
    }
}
