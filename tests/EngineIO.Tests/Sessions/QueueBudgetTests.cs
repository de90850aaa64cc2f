using EngineIO.Sessions;
using EngineIO.Tests.Hosting;
using EngineIO.Transports;
using Microsoft.Extensions.Time.Testing;

namespace EngineIO.Tests.Sessions;

/// <summary>What waits for all clients together is too much: who has to go, and who has not. A polling client that does not poll is one that takes nothing.</summary>
public sealed class QueueBudgetTests
{
    private const int Budget = 1_000_000;

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Healthy_clients_stay_while_most_others_are_stalled_and_the_budget_is_spent()
    {
        await using var host = await StartAsync();
        var stalled = await OpenPollingAsync(host, 8);
        await using var reading = await WebSocketClient.OpenAsync(host);
        var read = await host.Application.NextAsync();
        foreach (var (_, session) in stalled)
            session.Session.Send(Message(80_000)).ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(2));

        // It has much more than its equal share, but only for a moment.
        var (client, slow) = (await OpenPollingAsync(host, 1))[0];
        for (var i = 0; i < 5; i++)
        {
            slow.Session.Send(Message(100_000)).ShouldBeTrue();
            read.Session.Send(Message(1000)).ShouldBeTrue();
            (await reading.ReadAsync()).Length.ShouldBe(2002);
            Held(host).ShouldBeLessThanOrEqualTo(Budget);
        }

        (await client.ReadAsync(5)).Count.ShouldBe(5);
        slow.Session.IsOpen.ShouldBeTrue();
        read.Session.IsOpen.ShouldBeTrue();
        var evicted = stalled.Where(one => !one.Session.Session.IsOpen).ToList();
        evicted.Count.ShouldBe(2);
        foreach (var (_, session) in evicted)
            (await session.ClosedReasonAsync()).ShouldBe(CloseReason.SlowConsumer);
    }

    [Fact]
    public async Task Of_the_stalled_the_one_that_holds_most_for_longest_goes_first()
    {
        await using var host = await StartAsync();
        var clients = await OpenPollingAsync(host, 3);
        clients[0].Session.Session.Send(Message(200_000)).ShouldBeTrue();
        clients[1].Session.Session.Send(Message(300_000)).ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(30));
        clients[2].Session.Session.Send(Message(450_000)).ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(2));
        clients[2].Session.Session.Send(Message(100_000)).ShouldBeTrue();
        (await clients[1].Session.ClosedReasonAsync()).ShouldBe(CloseReason.SlowConsumer);
        clients[0].Session.Session.IsOpen.ShouldBeTrue();
        clients[2].Session.Session.IsOpen.ShouldBeTrue();
    }

    [Fact]
    public async Task When_nobody_is_stalled_the_one_with_the_most_waiting_goes()
    {
        await using var host = await StartAsync();
        var clients = await OpenPollingAsync(host, 5);
        var flooded = clients[3].Session;
        foreach (var (_, session) in clients)
            session.Session.Send(Message(20_000)).ShouldBeTrue();
        for (var i = 0; i < 30 && flooded.Session.Send(Message(50_000)); i++)
            Held(host).ShouldBeLessThanOrEqualTo(Budget);
        (await flooded.ClosedReasonAsync()).ShouldBe(CloseReason.SlowConsumer);
        host.Server.SessionCount.ShouldBe(4);
    }

    [Fact]
    public async Task Budget_holds_when_everybody_is_stalled()
    {
        await using var host = await StartAsync();
        var clients = await OpenPollingAsync(host, 10);
        for (var round = 0; host.Server.SessionCount > 1; round++)
        {
            round.ShouldBeLessThan(100);
            _time.Advance(TimeSpan.FromMilliseconds(100));
            foreach (var (_, session) in clients)
            {
                session.Session.Send(Message(50_000));
                Held(host).ShouldBeLessThanOrEqualTo(Budget);
            }
        }

        var closed = clients.Where(one => !one.Session.Session.IsOpen).ToList();
        closed.Count.ShouldBe(9);
        foreach (var (_, session) in closed)
            (await session.ClosedReasonAsync()).ShouldBe(CloseReason.SlowConsumer);
    }

    [Fact]
    public async Task Budget_holds_when_no_websocket_is_read_and_every_write_is_held_up()
    {
        const int Clients = 6;
        await using var host = await StartAsync();
        var sockets = new List<RawWebSocket>();
        var sessions = new List<RecordingApplication.RecordedSession>();
        for (var i = 0; i < Clients; i++)
        {
            sockets.Add(await RawWebSocket.ConnectAsync(host));
            sessions.Add(await host.Application.NextAsync());
        }

        // The system's own buffers take some megabytes each before anything waits here.
        for (var round = 0; host.Server.SessionCount > 1; round++)
        {
            round.ShouldBeLessThan(1000);
            foreach (var session in sessions)
                session.Session.Send(Message(200_000));
            await EngineHost.EventuallyAsync(() => Held(host) <= Budget, "the budget holds");
        }

        sessions.Count(session => !session.Session.IsOpen).ShouldBeGreaterThanOrEqualTo(Clients - 1);
        foreach (var session in sessions.Where(session => !session.Session.IsOpen))
            (await session.ClosedReasonAsync()).ShouldBe(CloseReason.SlowConsumer);
        foreach (var socket in sockets)
            await socket.DisposeAsync();
        await host.SessionsAsync(0);
        Held(host).ShouldBe(0);
    }

    [Fact]
    public async Task Broadcast_to_clients_that_are_all_behind_takes_its_memory_once()
    {
        await using var host = await StartAsync();
        var clients = await OpenPollingAsync(host, 20);
        for (var i = 0; i < 5; i++)
        {
            var message = Message(100_000);
            foreach (var (_, session) in clients)
                session.Session.Send(message).ShouldBeTrue();
        }

        Held(host).ShouldBeLessThan(600_000);
        foreach (var (client, _) in clients)
            (await client.ReadAsync(5)).Count.ShouldBe(5);
        host.Server.SessionCount.ShouldBe(20);
        Held(host).ShouldBe(0);
    }

    private static OutboundMessage Message(int length) => OutboundMessage.Binary(new byte[length]);

    private static long Held(EngineHost host) => ((IEngineHost)host.Server).Budget.Bytes;

    private static async Task<List<(PollingClient Client, RecordingApplication.RecordedSession Session)>> OpenPollingAsync(EngineHost host, int count)
    {
        var clients = new List<(PollingClient, RecordingApplication.RecordedSession)>();
        for (var i = 0; i < count; i++)
            clients.Add((await PollingClient.OpenAsync(host), await host.Application.NextAsync()));
        return clients;
    }

    private Task<EngineHost> StartAsync() => EngineHost.StartAsync(
        options =>
        {
            options.MaxTotalQueuedBytes = Budget;
            options.MaxHttpBufferSize = 10_000_000;
        },
        _time);
}
