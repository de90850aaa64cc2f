namespace LoadGenerator;

/// <summary>
/// Clients come at a fixed rate, join a room, talk, and go after a while without a word: with a reset, with an orderly end of the TCP connection, or by falling
/// silent, so that the server has to find out. An operation is one client.
/// </summary>
internal sealed class Churn(Options options, EventLoop loop) : Scenario(options, loop)
{
    private const int TicksASecond = 20;
    private const int LifeInTicks = 2 * TicksASecond;

    // Of ten clients one falls silent, three end the TCP connection and the others reset it.
    private const int Fates = 10;
    private const int Silent = 1;
    private const int Orderly = 3;

    private readonly Room[] _rooms = [.. Enumerable.Range(0, options.Rooms).Select(number => new Room(number))];
    private readonly Queue<Client>[] _leaving = [.. Enumerable.Range(0, LifeInTicks).Select(_ => new Queue<Client>())];
    private readonly HashSet<Client> _silent = [];
    private int _tick;
    private long _deliveries;
    private int _fellSilent;
    private int _lost;

    /// <inheritdoc />
    public override Result Run()
    {
        Meter.Begin();
        var pace = new Pace(Loop, TicksASecond);
        pace.RunFor(Options.Seconds, _ => Tick(opens: true));
        pace.RunFor((double)LifeInTicks / TicksASecond, _ => Tick(opens: false));
        Loop.RunUntil(() => _silent.Count == 0, PatienceSeconds, "the server was to close every connection that has fallen silent");
        Meter.End(Opened);
        return Meter.Result with { Churned = new Churned(Opened, _deliveries, _fellSilent, _lost) };
    }

    /// <inheritdoc />
    public override void OnDelivery(Client client, ReadOnlySpan<byte> message) => _deliveries++;

    /// <inheritdoc />
    public override void OnLost(Client client, string why)
    {
        if (!_silent.Remove(client)) _lost++;
    }

    /// <inheritdoc />
    protected override void OnEntered(Client client)
    {
        _leaving[_tick % LifeInTicks].Enqueue(client);
        client.Send(client.Prepare(Dialect.Join(RoomOf(client).Name)));
    }

    /// <inheritdoc />
    protected override void OnEchoed(Client client, ReadOnlySpan<byte> answer)
    {
        var room = RoomOf(client);
        client.Send(client.Prepare(Dialect.Publish(room.Name, Number.Json(room.Name, Options.Payload))));
    }

    private Room RoomOf(Client client) => _rooms[client.Index % _rooms.Length];

    private void Tick(bool opens)
    {
        var leaving = _leaving[++_tick % LifeInTicks];
        while (leaving.TryDequeue(out var client)) Leave(client);
        for (var i = 0; opens && i < Options.Rate / TicksASecond; i++) OpenNext();
    }

    private void Leave(Client client)
    {
        if (!client.IsOpen) return;
        var fate = client.Index % Fates;
        if (fate < Silent)
        {
            client.FallSilent();
            _silent.Add(client);
            _fellSilent++;
            return;
        }

        client.Drop(reset: fate >= Silent + Orderly);
    }
}
