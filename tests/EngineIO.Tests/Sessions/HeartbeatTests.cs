using System.Net;
using EngineIO.Sessions;
using EngineIO.Tests.Hosting;
using EngineIO.Tests.Transports;
using Microsoft.Extensions.Time.Testing;

namespace EngineIO.Tests.Sessions;

public sealed class HeartbeatTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(300);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Server_pings_and_a_client_that_answers_lives_on()
    {
        await using var host = await EngineHost.StartAsync(time: _time, application: RecordingApplication.Echo());
        await using var client = await WebSocketClient.OpenAsync(host);
        await ReadyAsync(host, client.SendAsync("4ready"));
        (await client.ReadAnyAsync()).ShouldBe("4ready");
        for (var i = 0; i < 4; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(25) + Tick);
            (await client.ReadAnyAsync()).ShouldBe("2");
            await client.SendAsync("3");

            // The echo shows that the pong before it has been read.
            await client.SendAsync("4x");
            (await client.ReadAnyAsync()).ShouldBe("4x");
        }

        host.Server.SessionCount.ShouldBe(1);
    }

    [Fact]
    public async Task Client_that_does_not_answer_is_gone_after_the_ping_timeout()
    {
        await using var host = await EngineHost.StartAsync(time: _time);
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = await ReadyAsync(host, client.SendAsync("4ready"));
        _time.Advance(TimeSpan.FromSeconds(25) + Tick);
        (await client.ReadAnyAsync()).ShouldBe("2");
        _time.Advance(TimeSpan.FromSeconds(20) - Tick);
        session.Session.IsOpen.ShouldBeTrue();
        _time.Advance(2 * Tick);
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.PingTimeout);
        host.Server.SessionCount.ShouldBe(0);
        (await client.ReadAsync()).ShouldBe("close");
    }

    [Fact]
    public async Task Application_that_takes_its_time_at_the_end_of_a_session_does_not_hold_up_the_clock()
    {
        var time = new FakeTimeProvider();
        using var release = new ManualResetEventSlim();
        await using var host = await EngineHost.StartAsync(time: time, application: new RecordingApplication { Closing = _ => release.Wait(EngineHost.Patience) });
        await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        time.Advance(TimeSpan.FromSeconds(25.3));
        var tick = Task.Run(() => time.Advance(TimeSpan.FromSeconds(20.3)), TestContext.Current.CancellationToken);
        await tick.WaitAsync(EngineHost.Patience / 2, TestContext.Current.CancellationToken);
        host.Server.SessionCount.ShouldBe(0);
        release.Set();
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.PingTimeout);
    }

    [Fact]
    public async Task Message_is_no_pong()
    {
        await using var host = await EngineHost.StartAsync(time: _time, application: RecordingApplication.Echo());
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = await ReadyAsync(host, client.SendAsync("4ready"));
        (await client.ReadAnyAsync()).ShouldBe("4ready");
        _time.Advance(TimeSpan.FromSeconds(25) + Tick);
        (await client.ReadAnyAsync()).ShouldBe("2");
        await client.SendAsync("4x");
        (await client.ReadAnyAsync()).ShouldBe("4x");
        _time.Advance(TimeSpan.FromSeconds(20) + Tick);
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.PingTimeout);
    }

    [Fact]
    public async Task Polling_gets_pings_too_and_a_session_whose_poll_never_comes_is_gone()
    {
        await using var host = await EngineHost.StartAsync(time: _time);
        var answering = await PollingClient.OpenAsync(host);
        var silent = await PollingClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        (await host.Application.NextAsync()).Session.Id.ShouldBe(silent.Sid);
        var poll = answering.PollAsync();
        await EngineHost.EventuallyAsync(() => session.IsWritable, "the poll waits");
        _time.Advance(TimeSpan.FromSeconds(25) + Tick);
        (await poll).ShouldBe((HttpStatusCode.OK, "2"));
        (await answering.PostAsync("3")).Body.ShouldBe("ok");
        host.Server.SessionCount.ShouldBe(2);
        _time.Advance(TimeSpan.FromSeconds(20) + Tick);
        host.Server.SessionCount.ShouldBe(1);
        await silent.ShouldBeGoneAsync();
        session.IsOpen.ShouldBeTrue();
    }

    [Fact]
    public async Task Poll_that_waits_at_the_ping_timeout_is_told_that_it_is_over()
    {
        await using var host = await EngineHost.StartAsync(time: _time);
        var client = await PollingClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        _time.Advance(TimeSpan.FromSeconds(25) + Tick);
        (await client.PollAsync()).Body.ShouldBe("2");
        var poll = client.PollAsync();
        await EngineHost.EventuallyAsync(() => session.IsWritable, "the poll waits");
        _time.Advance(TimeSpan.FromSeconds(20) + Tick);
        (await poll).ShouldBe((HttpStatusCode.OK, "1"));
        await client.ShouldBeGoneAsync();
    }

    [Fact]
    public async Task Pong_that_waits_behind_a_message_the_application_still_handles_is_not_late()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var application = new RecordingApplication
        {
            Handling = (_, data, _) => data.Span.SequenceEqual("slow"u8) ? new ValueTask(release.Task) : ValueTask.CompletedTask,
        };
        await using var host = await EngineHost.StartAsync(time: _time, application: application);
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        await client.SendAsync("4slow");
        (await session.NextAsync()).ShouldBe("slow");
        _time.Advance(TimeSpan.FromSeconds(25) + Tick);
        (await client.ReadAnyAsync()).ShouldBe("2");
        await client.SendAsync("3");
        await client.SendAsync("4after");
        for (var i = 0; i < 5; i++)
            _time.Advance(TimeSpan.FromSeconds(20) + Tick);
        session.Session.IsOpen.ShouldBeTrue();
        release.SetResult();
        (await session.NextAsync()).ShouldBe("after");
        _time.Advance(TimeSpan.FromSeconds(25) + Tick);
        (await client.ReadAnyAsync()).ShouldBe("2");
    }

    [Fact]
    public async Task Client_whose_machine_vanishes_is_gone_after_interval_and_timeout()
    {
        await using var host = await EngineHost.StartAsync(time: _time);
        await using var raw = await RawWebSocket.ConnectAsync(host);
        var session = await ReadyAsync(host, raw.SendAsync(RawWebSocket.Text("4ready")));
        _time.Advance(TimeSpan.FromSeconds(25) + Tick);
        host.Server.SessionCount.ShouldBe(1);
        _time.Advance(TimeSpan.FromSeconds(20) + Tick);
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.PingTimeout);
        host.Server.SessionCount.ShouldBe(0);

        // It never answers the close frame either: the request must not wait for it for ever.
        var end = raw.ReadToEndAsync();
        await EngineHost.EventuallyAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return end.IsCompleted;
            },
            "the connection is cut");
        await end;
    }

    [Fact]
    public async Task Request_after_the_deadline_finds_no_session_even_if_the_clock_has_not_come_round()
    {
        var time = new FreezableTime();
        await using var host = await EngineHost.StartAsync(time: time);
        var client = await PollingClient.OpenAsync(host);
        time.Advance(TimeSpan.FromSeconds(25) + Tick);
        (await client.PollAsync()).Body.ShouldBe("2");
        time.Frozen = true;
        time.Advance(TimeSpan.FromSeconds(20));
        host.Server.SessionCount.ShouldBe(1);
        await client.ShouldBeGoneAsync();
        host.Server.SessionCount.ShouldBe(0);
    }

    [Fact]
    public async Task Session_closed_by_the_application_while_it_opens_gets_no_ping()
    {
        var application = new RecordingApplication { Opening = session => session.Close(discard: true) };
        await using var host = await EngineHost.StartAsync(time: _time, application: application);
        var client = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ForcedClose);
        session.ClosedCount.ShouldBe(1);
        session.Session.Send(OutboundMessages.Text("x")).ShouldBeFalse();
        await client.ShouldBeGoneAsync();
    }

    // A client knows of its session before the server has set the first ping; what it has sent, once that has come, shows that the ping is set.
    private static async Task<RecordingApplication.RecordedSession> ReadyAsync(EngineHost host, Task sending)
    {
        await sending;
        var session = await host.Application.NextAsync();
        (await session.NextAsync()).ShouldBe("ready");
        return session;
    }

    /// <summary>A clock whose timers can be held up, as on a machine that has too much to do.</summary>
    private sealed class FreezableTime : FakeTimeProvider
    {
        public bool Frozen { get; set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(
                inner =>
                {
                    if (!Frozen)
                        callback(inner);
                },
                state,
                dueTime,
                period);
    }
}
