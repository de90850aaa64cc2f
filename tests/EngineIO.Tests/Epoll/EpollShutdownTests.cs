using EngineIO.Sessions;
using EngineIO.Tests.Hosting;
using EngineIO.Tests.Transports;

namespace EngineIO.Tests.Epoll;

/// <summary>The end of the host, which Kestrel alone does not wait for: the connections have left it.</summary>
[Collection(typeof(AloneInProcess))]
public sealed class EpollShutdownTests
{
    [Fact]
    public async Task Client_that_reads_slowly_gets_everything_and_a_close_frame_before_the_host_stops()
    {
        await using var host = await EpollHost.StartAsync(options => options.CloseTimeout = EngineHost.Patience, TimeProvider.System);
        await using var raw = await RawWebSocket.ConnectAsync(host);
        (await raw.ReadTextAsync())[0].ShouldBe('0');
        var session = await host.Application.NextAsync();
        const int Messages = 200;
        var padding = new string('x', 50_000);
        for (var i = 0; i < Messages; i++)
            session.Session.Send(OutboundMessages.Text($"{i} {padding}")).ShouldBeTrue();
        var stopping = host.StopAsync();
        for (var i = 0; i < Messages; i++)
        {
            (await raw.ReadTextAsync()).ShouldBe($"4{i} {padding}");
            if (i % 20 == 0)
                stopping.IsCompleted.ShouldBeFalse();
        }

        (await raw.ReadCloseAsync()).ShouldBe(1001);
        await raw.SendAsync(RawWebSocket.Frame(0x88, [0x03, 0xE9]));
        await raw.ReadToEndAsync();
        await stopping.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken);
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ServerShuttingDown);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(12)]
    public async Task Client_that_reads_nothing_holds_the_stop_no_longer_than_the_close_timeout(int megabytes)
    {
        await using var host = await EpollHost.StartAsync(options => options.CloseTimeout = TimeSpan.FromMilliseconds(500), TimeProvider.System);
        var sockets = EpollHost.Sockets();
        await using var raw = await RawWebSocket.ConnectAsync(host);
        var session = await host.Application.NextAsync();
        var big = OutboundMessages.Text(new string('x', 1_000_000));
        for (var i = 0; i < megabytes; i++)
            session.Session.Send(big);

        // The host itself would give up after 30 seconds.
        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await EngineHost.EventuallyAsync(() => EpollHost.Sockets() <= sockets, "its file and the listener's are closed; the client's is open");
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ServerShuttingDown);
    }

    [Fact]
    public async Task Host_stops_while_a_handler_blocks_and_the_handler_finds_its_session_closed()
    {
        using var go = new ManualResetEventSlim();
        var sent = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var application = new RecordingApplication
        {
            Handling = (session, _, _) =>
            {
                session.Session.Send(OutboundMessages.Text("before"));
                go.Wait(EngineHost.Patience, CancellationToken.None);
                sent.SetResult(session.Session.Send(OutboundMessages.Text("after")));
                return default;
            },
        };
        var threads = EpollHost.LoopThreads();
        await using (var host = await EpollHost.StartAsync(options => options.CloseTimeout = TimeSpan.FromMilliseconds(200), TimeProvider.System, application))
        {
            await using var raw = await RawWebSocket.ConnectAsync(host);
            var session = await host.Application.NextAsync();
            await raw.SendAsync(RawWebSocket.Text("4block"));
            (await raw.ReadTextAsync())[0].ShouldBe('0');
            (await raw.ReadTextAsync()).ShouldBe("4before");
            var stopping = host.StopAsync();
            (await raw.ReadCloseAsync()).ShouldBe(1001);
            await raw.ReadToEndAsync();
            go.Set();
            (await sent.Task.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken)).ShouldBeFalse();
            await stopping.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
            (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ServerShuttingDown);
            session.ClosedCount.ShouldBe(1);
        }

        await EngineHost.EventuallyAsync(() => EpollHost.LoopThreads() <= threads, "the threads end");
    }
}
