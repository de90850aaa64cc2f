namespace LoadGenerator;

/// <summary>Clients ask for echoes in turn, at a fixed rate of all together: how long each takes. An operation is one echo.</summary>
internal sealed class PacedEcho(Options options, EventLoop loop) : Scenario(options, loop)
{
    private readonly Pace _pace = new(loop, options.Rate);
    private readonly Latencies _latencies = new();
    private Queue<long>[] _due = [];
    private byte[] _question = [];
    private long _asked;
    private long _answered;
    private bool _counting;

    /// <inheritdoc />
    public override Result Run()
    {
        Open(Options.Connections);
        _due = [.. Clients.Select(_ => new Queue<long>())];
        _question = Clients[0].Prepare(Dialect.Echo(new Room(0).Json(Options.Payload)));
        _pace.RunFor(Options.WarmUp, Ask);
        AwaitAnswers();
        _counting = true;
        Meter.Begin();
        var late = _pace.RunFor(Options.Seconds, Ask);
        AwaitAnswers();
        Meter.End(_latencies.Count);
        return Meter.Result with { Connections = Clients.Count, LatencyMilliseconds = _latencies.Percentiles(), LateShare = late };
    }

    /// <inheritdoc />
    protected override void OnEchoed(Client client)
    {
        _answered++;
        var due = _due[client.Index].Dequeue();
        if (_counting) _latencies.Add(due, Loop.Now);
    }

    private void Ask(long due)
    {
        var client = Clients[(int)(_asked++ % Clients.Count)];
        _due[client.Index].Enqueue(due);
        client.Send(_question);
    }

    private void AwaitAnswers() => Loop.RunUntil(() => _answered == _asked, PatienceSeconds, "every echo was to come back");
}
