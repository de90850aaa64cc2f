using EngineIO.Sessions;
using EngineIO.Tests.Hosting;
using EngineIO.Tests.Transports;
using Microsoft.Extensions.Time.Testing;

namespace EngineIO.Tests.Epoll;

/// <summary>Pings, which the clock leaves to the event loops.</summary>
[Collection(typeof(AloneInProcess))]
public sealed class EpollHeartbeatTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(300);

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Every_one_of_many_connections_that_are_due_together_is_pinged_each_time(int loops)
    {
        // More than a round of a loop makes and more than the clock calls in a row.
        const int Count = 400;
        await using var host = await EpollHost.StartAsync(time: _time, loops: loops);
        var clients = new List<WebSocketClient>();
        try
        {
            for (var i = 0; i < Count; i++)
                clients.Add(await OpenAsync(host));
            for (var round = 0; round < 3; round++)
            {
                _time.Advance(Interval + Late);
                foreach (var client in clients)
                {
                    (await client.ReadAnyAsync()).ShouldBe("2");
                    await client.SendAsync("3");
                }

                foreach (var client in clients)
                    await EpollHost.ShouldEchoAsync(client, $"{round}");
            }

            host.Server.SessionCount.ShouldBe(Count);
        }
        finally
        {
            foreach (var client in clients)
                await client.DisposeAsync();
        }

        EpollHost.ShouldHaveLoggedNoError(host);
    }

    [Fact]
    public async Task Loop_that_a_handler_blocks_sends_its_pings()
    {
        using var go = new ManualResetEventSlim();
        await using var host = await EpollHost.StartAsync(time: _time, application: new RecordingApplication
        {
            Handling = (session, data, _) =>
            {
                session.Session.Send(EngineIO.Transports.OutboundMessage.Text(data.Span));
                if (data.Span.SequenceEqual("block"u8))
                    go.Wait(EngineHost.Patience, CancellationToken.None);
                return default;
            },
        });
        await using var blocked = await OpenAsync(host);
        await using var other = await OpenAsync(host);
        try
        {
            // Its answer comes when another thread has taken the loop over.
            await EpollHost.ShouldEchoAsync(blocked, "block");
            _time.Advance(Interval + Late);
            (await blocked.ReadAnyAsync()).ShouldBe("2");
            (await other.ReadAnyAsync()).ShouldBe("2");
        }
        finally
        {
            go.Set();
        }
    }

    [Fact]
    public async Task Loop_that_a_handler_has_just_blocked_sends_its_pings()
    {
        using var go = new ManualResetEventSlim();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await EpollHost.StartAsync(time: _time, application: new RecordingApplication
        {
            Handling = (session, data, _) =>
            {
                if (data.Span.SequenceEqual("block"u8))
                {
                    entered.SetResult();
                    go.Wait(EngineHost.Patience, CancellationToken.None);
                }

                session.Session.Send(EngineIO.Transports.OutboundMessage.Text(data.Span));
                return default;
            },
        });
        await using var blocked = await OpenAsync(host);
        await using var other = await OpenAsync(host);
        try
        {
            await blocked.SendAsync("4block");
            await entered.Task.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken);
            _time.Advance(Interval + Late);
            (await blocked.ReadAnyAsync()).ShouldBe("2");
            (await other.ReadAnyAsync()).ShouldBe("2");
        }
        finally
        {
            go.Set();
        }

        (await blocked.ReadAnyAsync()).ShouldBe("4block");
    }

    [Fact]
    public async Task What_the_application_sends_takes_a_ping_along_that_was_put_off()
    {
        await using var host = await EpollHost.StartAsync(time: _time);
        using var held = new HeldClock(host, _time);
        await using var client = await OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        await held.HoldAsync();
        session.IsWritable.ShouldBeTrue();
        session.Send(OutboundMessages.Text("now")).ShouldBeTrue();
        (await client.ReadAnyAsync()).ShouldBe("2");
        (await client.ReadAnyAsync()).ShouldBe("4now");

        // The same from a handler, in a round of the loop.
        await EpollHost.ShouldEchoAsync(client, "echo");
        await held.ReleaseAsync();
        await EpollHost.ShouldEchoAsync(client, "end");
    }

    [Fact]
    public async Task What_a_handler_sends_takes_a_ping_along_that_was_put_off()
    {
        await using var host = await EpollHost.StartAsync(time: _time);
        using var held = new HeldClock(host, _time);
        await using var client = await OpenAsync(host);
        await held.HoldAsync();
        await client.SendAsync("4echo");
        (await client.ReadAnyAsync()).ShouldBe("2");
        (await client.ReadAnyAsync()).ShouldBe("4echo");
        await held.ReleaseAsync();
    }

    [Fact]
    public async Task Session_that_is_closed_while_its_ping_is_put_off_sends_both()
    {
        await using var host = await EpollHost.StartAsync(time: _time);
        using var held = new HeldClock(host, _time);
        await using var client = await OpenAsync(host);
        var session = await host.Application.NextAsync();
        await held.HoldAsync();
        session.Session.Close();
        await held.ReleaseAsync();
        (await client.ReadAnyAsync()).ShouldBe("2");
        (await client.ReadAnyAsync()).ShouldBe("close");
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ForcedClose);
    }

    [Fact]
    public async Task Server_that_ends_while_a_ping_is_put_off_closes_the_connection()
    {
        await using var host = await EpollHost.StartAsync(time: _time);
        using var held = new HeldClock(host, _time);
        await using var client = await OpenAsync(host);
        var session = await host.Application.NextAsync();
        await held.HoldAsync();
        await host.Server.DisposeAsync();
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ServerShuttingDown);
        await held.ReleaseAsync();

        // On a machine with too much to do the loop may have come to the ping all the same.
        (await client.ReadAsync()).ShouldBe("close");
    }

    [Fact]
    public async Task Connection_that_is_lost_while_its_ping_is_put_off_is_given_back()
    {
        await using var host = await EpollHost.StartAsync(time: _time);
        using var held = new HeldClock(host, _time);
        await using var client = await OpenAsync(host);
        var session = (await host.Application.NextAsync());
        var lost = await RawWebSocket.ConnectAsync(host);
        await using (lost)
        {
            var its = await host.Application.NextAsync();
            await lost.SendAsync(RawWebSocket.Text("4up"));
            (await its.NextAsync()).ShouldBe("up");
            await held.HoldAsync();
            var sockets = EpollHost.Sockets();
            lost.Reset();
            (await its.ClosedReasonAsync()).ShouldBe(CloseReason.TransportClose);
            await held.ReleaseAsync();
            await EngineHost.EventuallyAsync(() => EpollHost.Sockets() <= sockets - 2, "the server lets go of the connection");
        }

        (await client.ReadAnyAsync()).ShouldBe("2");
        session.Session.IsOpen.ShouldBeTrue();
    }

    // The echo shows that the application has been given the session, and the first ping been set.
    private static async Task<WebSocketClient> OpenAsync(EngineHost host)
    {
        var client = await WebSocketClient.OpenAsync(host);
        await EpollHost.ShouldEchoAsync(client, "open");
        return client;
    }

    /// <summary>
    /// Holds the clock when it has called what is due with the first pings: what was put off stays so. It must be made before the sessions, since what was scheduled last
    /// for a moment is called first.
    /// </summary>
    private sealed class HeldClock : TimingWheelEntry, IDisposable
    {
        private readonly FakeTimeProvider _time;
        private readonly ManualResetEventSlim _go = new();
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Task? _advance;

        public HeldClock(EngineHost host, FakeTimeProvider time)
        {
            _time = time;
            host.Server.Wheel.Schedule(this, Interval);
        }

        public async Task HoldAsync()
        {
            _advance = Task.Run(() => _time.Advance(Interval + Late));
            await _held.Task.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken);
        }

        public Task ReleaseAsync()
        {
            _go.Set();
            return _advance!.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken);
        }

        // Not disposed of: when a test has failed, the clock may be waiting for it still.
        public void Dispose() => _go.Set();

        protected internal override void OnDue()
        {
            _held.SetResult();
            _go.Wait(EngineHost.Patience);
        }
    }
}
