namespace LoadGenerator;

/// <summary>Every client asks for an echo, and for the next one when it has it. An operation is one echo.</summary>
internal sealed class Echo(Options options, EventLoop loop) : Scenario(options, loop)
{
    private EchoQuestions _questions = null!;
    private bool _over;

    /// <inheritdoc />
    public override Result Run()
    {
        Open(Options.Connections);
        _questions = new EchoQuestions(Clients[0], Dialect, Options.Payload);
        foreach (var client in Clients) Ask(client);
        Loop.RunFor(Options.WarmUp);
        Meter.Begin();
        var before = Come;
        Loop.RunFor(Options.Seconds);
        if (Come == before) AwaitMore("of the answers");
        Meter.End(Come - before);
        _over = true;
        AwaitRest("of the answers");
        return Meter.Result with { Connections = Clients.Count };
    }

    /// <inheritdoc />
    protected override void OnEchoed(Client client, ReadOnlySpan<byte> answer)
    {
        Come++;
        _questions.Check(client, answer);
        if (!_over) Ask(client);
    }

    private void Ask(Client client)
    {
        Due++;
        _questions.Ask(client);
    }
}
