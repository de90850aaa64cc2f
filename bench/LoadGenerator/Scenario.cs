namespace LoadGenerator;

/// <summary>A load on the server, its clients, and what is measured. Losing a client ends the run unless the scenario says otherwise.</summary>
/// <remarks>Threading: everything happens on the one thread that runs the loop.</remarks>
internal abstract class Scenario(Options options, EventLoop loop) : IClientEvents
{
    // As many as a server has to take at once while clients come.
    private const int OpeningAtOnce = 32;

    /// <summary>How long what has to happen is waited for.</summary>
    protected const double PatienceSeconds = 120;

    // What is under way then and does not come has been lost. A server may wait for clients that have stalled, and others with it.
    private const double SilenceSeconds = 5;

    // What comes twice comes at once.
    private const double TooMuchSeconds = 0.05;

    private readonly Dialect _dialect = Dialect.Named(options.Dialect);
    private int _opened;
    private int _ready;
    private int _toOpen;
    private Action? _asking;

    protected Options Options => options;

    protected EventLoop Loop => loop;

    protected Dialect Dialect => _dialect;

    protected Meter Meter { get; } = new(options);

    /// <summary>Clients opened so far.</summary>
    protected int Opened => _opened;

    /// <summary>The clients, those that have been closed included.</summary>
    protected List<Client> Clients { get; } = [];

    /// <summary>Deliveries or answers that the server owes for all that was sent so far.</summary>
    protected long Due { get; set; }

    /// <summary>Those of them that have come.</summary>
    protected long Come { get; set; }

    /// <summary>Puts the load on the server and tells the figures.</summary>
    public abstract Result Run();

    /// <inheritdoc />
    public virtual void OnDelivery(Client client, ReadOnlySpan<byte> message)
    {
    }

    /// <inheritdoc />
    public void OnAnswer(Client client, ReadOnlySpan<byte> message)
    {
        if (_asking is null) OnEchoed(client, message);
        else _asking();
    }

    /// <inheritdoc />
    public virtual void OnLost(Client client, string why) => throw new LoadException($"client {client.Index} lost its connection: {why}");

    /// <inheritdoc />
    public void OnReady(Client client)
    {
        _ready++;
        if (_opened < _toOpen) Clients.Add(OpenNext());
        OnEntered(client);
    }

    /// <summary>A client is ready.</summary>
    protected virtual void OnEntered(Client client)
    {
    }

    /// <summary>An echo has come back.</summary>
    protected virtual void OnEchoed(Client client, ReadOnlySpan<byte> answer)
    {
    }

    /// <summary>Opens clients, a few at a time, and returns when all are ready.</summary>
    protected void Open(int count)
    {
        _toOpen = _opened + count;
        for (var i = Math.Min(OpeningAtOnce, count); i > 0; i--) Clients.Add(OpenNext());
        loop.RunUntil(() => _ready == _toOpen, PatienceSeconds, $"{count} clients were to be ready");
    }

    /// <summary>Has every client ask for something, a few at a time, and returns when all are answered.</summary>
    protected void AskAll(Func<Client, byte[]> question)
    {
        var (asked, answered) = (0, 0);
        void Next()
        {
            var client = Clients[asked++];
            client.Send(client.Prepare(question(client)));
        }

        _asking = () =>
        {
            answered++;
            if (asked < Clients.Count) Next();
        };
        for (var i = Math.Min(OpeningAtOnce, Clients.Count); i > 0; i--) Next();
        loop.RunUntil(() => answered == Clients.Count, PatienceSeconds, $"{Clients.Count} clients were to be answered");
        _asking = null;
    }

    /// <summary>Returns when more has come of what is due; fails when nothing comes.</summary>
    protected void AwaitMore(string what)
    {
        var before = Come;
        if (!loop.TryRunUntil(() => Come > before, Options.Stalled > 0 ? PatienceSeconds : SilenceSeconds))
            throw new LoadException($"{Due - Come} {what} did not come");
    }

    /// <summary>Returns when all that is due has come, and a moment later; nothing more may be sent meanwhile.</summary>
    protected void AwaitRest(string what)
    {
        while (Come < Due) AwaitMore(what);
        loop.RunFor(TooMuchSeconds);
    }

    /// <summary>Drops every client; resets leave no port waiting.</summary>
    protected void DropAll()
    {
        foreach (var client in Clients) client.Drop(reset: true);
        Clients.Clear();
    }

    /// <summary>Returns when the server has nothing more to do: dropping thousands of connections is work for it.</summary>
    protected void AwaitQuiet()
    {
        for (var tries = 0; tries < 100; tries++)
        {
            var before = Processes.Seconds(Options.Process);
            loop.RunFor(0.1);
            if (Processes.Seconds(Options.Process) - before <= 0.01) return;
        }
    }

    /// <summary>Opens one client.</summary>
    protected Client OpenNext()
    {
        var index = _opened++;
        Client client = options.Transport is "polling"
            ? new PollingClient(loop, options.Port, _dialect, this) { Index = index }
            : new WebSocketClient(loop, options.Port, _dialect, this) { Index = index };
        client.Open();
        return client;
    }
}
