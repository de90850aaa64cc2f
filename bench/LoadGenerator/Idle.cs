using System.Diagnostics;

namespace LoadGenerator;

/// <summary>Clients that have nothing to say: what they hold of the server's memory, and what its heartbeats cost. An operation is one second.</summary>
internal sealed class Idle(Options options, EventLoop loop) : Scenario(options, loop)
{
    private const int FirstClients = 200;

    // Below the 30 s after which SignalR gives up a client that has said nothing.
    private const double KeepAliveSeconds = 15;
    private const int KeepAlivesASecond = 20;

    /// <inheritdoc />
    public override Result Run()
    {
        // What the first clients cost a server (code that is compiled, pools that are filled) is not what each of them costs.
        Open(FirstClients);
        DropAll();
        AwaitQuiet();
        var before = Processes.ResidentKilobytes(Options.Process);
        Open(Options.Connections);
        Stay(Options.WarmUp);
        Meter.Begin();
        Stay(Options.Seconds);
        Meter.End((long)Options.Seconds);
        return Meter.Result with { Connections = Clients.Count, ResidentKilobytes = [before, Processes.ResidentKilobytes(Options.Process)] };
    }

    private void Stay(double seconds)
    {
        if (Dialect.KeepAlive.IsEmpty)
        {
            Loop.RunFor(seconds);
            return;
        }

        // A few at a time, so that the server does not get them all at once.
        var keepAlive = Clients[0].Prepare(Dialect.KeepAlive);
        var step = Stopwatch.Frequency / KeepAlivesASecond;
        var atOnce = (int)Math.Ceiling(Clients.Count / (KeepAliveSeconds * KeepAlivesASecond));
        var next = Stopwatch.GetTimestamp();
        var turn = 0;
        Loop.RunFor(seconds, next, () =>
        {
            for (var i = 0; i < atOnce; i++) Clients[turn++ % Clients.Count].Send(keepAlive);
            return next += step;
        });
    }
}
