namespace LoadGenerator;

/// <summary>Clients ask for echoes in turn, at a fixed rate of all together: how long each takes. An operation is one echo.</summary>
internal sealed class PacedEcho(Options options, EventLoop loop) : Scenario(options, loop)
{
    private readonly Pace _pace = new(loop, options.Rate);
    private readonly Latencies _latencies = new();
    private Queue<long>[] _due = [];
    private EchoQuestions _questions = null!;
    private int _turn;
    private bool _counting;

    /// <inheritdoc />
    public override Result Run()
    {
        Open(Options.Connections);
        _due = [.. Clients.Select(_ => new Queue<long>())];
        _questions = new EchoQuestions(Clients[0], Dialect, Options.Payload);
        _pace.RunFor(Options.WarmUp, Ask);
        AwaitRest("of the answers");
        _counting = true;
        Meter.Begin();
        var late = _pace.RunFor(Options.Seconds, Ask);
        AwaitRest("of the answers");
        Meter.End(_latencies.Count);
        return Meter.Result with { Connections = Clients.Count, LatencyMilliseconds = _latencies.Percentiles(), LateShare = late };
    }

    /// <inheritdoc />
    protected override void OnEchoed(Client client, ReadOnlySpan<byte> answer)
    {
        Come++;
        _questions.Check(client, answer);
        var due = _due[client.Index].Dequeue();
        if (_counting) _latencies.Add(due, Loop.Now);
    }

    private void Ask(long due)
    {
        var client = Clients[_turn++ % Clients.Count];
        Due++;
        _due[client.Index].Enqueue(due);
        _questions.Ask(client);
    }
}
