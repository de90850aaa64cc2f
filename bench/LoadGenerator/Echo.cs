namespace LoadGenerator;

/// <summary>Every client asks for an echo, and for the next one when it has it. An operation is one echo.</summary>
internal sealed class Echo(Options options, EventLoop loop) : Scenario(options, loop)
{
    private byte[] _question = [];
    private long _answers;

    /// <inheritdoc />
    public override Result Run()
    {
        Open(Options.Connections);
        _question = Clients[0].Prepare(Dialect.Echo(new Room(0).Json(Options.Payload)));
        foreach (var client in Clients) client.Send(_question);
        Loop.RunFor(Options.WarmUp);
        Meter.Begin();
        var before = _answers;
        Loop.RunFor(Options.Seconds);
        Loop.RunUntil(() => _answers > before, PatienceSeconds, "something was to be answered");
        Meter.End(_answers - before);
        return Meter.Result with { Connections = Clients.Count };
    }

    /// <inheritdoc />
    protected override void OnEchoed(Client client)
    {
        _answers++;
        client.Send(_question);
    }
}
