using System.Net;
using EngineIO.Sessions;
using EngineIO.Tests.Hosting;
using EngineIO.Tests.Transports;
using EngineIO.Transports;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace EngineIO.Tests.Sessions;

public sealed class CloseTests
{
    [Fact]
    public async Task Close_sends_what_is_queued_first_over_a_websocket()
    {
        await using var host = await EngineHost.StartAsync();
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        for (var i = 0; i < 1000; i++)
            session.Session.Send(OutboundMessages.Text(new string('x', 1000))).ShouldBeTrue();
        session.Session.Close();
        session.Session.IsOpen.ShouldBeFalse();
        session.Session.Send(OutboundMessages.Text("too late")).ShouldBeFalse();
        for (var i = 0; i < 1000; i++)
            (await client.ReadAsync()).Length.ShouldBe(1001);
        (await client.ReadAsync()).ShouldBe("close");
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ForcedClose);
        session.ClosedCount.ShouldBe(1);
    }

    [Fact]
    public async Task Close_sends_what_is_queued_and_a_close_packet_over_polling()
    {
        await using var host = await EngineHost.StartAsync(options => options.MaxHttpBufferSize = 10);
        var client = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        session.Session.Send(OutboundMessages.Text("first"));
        session.Session.Send(OutboundMessages.Text("second"));
        session.Session.Close();
        session.ClosedCount.ShouldBe(0);
        (await client.PollAsync()).Body.ShouldBe("4first");
        (await client.PollAsync()).Body.ShouldBe("4second\u001e1");
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ForcedClose);
        await client.ShouldBeGoneAsync();
    }

    [Fact]
    public async Task Close_ends_a_poll_that_waits()
    {
        await using var host = await EngineHost.StartAsync();
        var client = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        var poll = client.PollAsync();
        await EngineHost.EventuallyAsync(() => session.Session.IsWritable, "the poll waits");
        session.Session.Close();
        (await poll).ShouldBe((HttpStatusCode.OK, "1"));
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ForcedClose);
    }

    [Fact]
    public async Task Close_that_nobody_fetches_is_over_after_the_close_timeout()
    {
        var time = new FakeTimeProvider();
        await using var host = await EngineHost.StartAsync(time: time);
        await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        session.Session.Send(OutboundMessages.Text("never fetched"));
        session.Session.Close();
        time.Advance(TimeSpan.FromSeconds(9.9));
        host.Server.SessionCount.ShouldBe(1);
        time.Advance(TimeSpan.FromSeconds(0.2));
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ForcedClose);
        host.Server.SessionCount.ShouldBe(0);
    }

    [Fact]
    public async Task Close_that_discards_is_over_when_it_returns()
    {
        await using var host = await EngineHost.StartAsync();
        var client = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        session.Session.Send(OutboundMessages.Text("thrown away"));
        session.Session.Close();
        session.ClosedCount.ShouldBe(0);
        session.Session.Close(CloseReason.TransportError, discard: true);
        session.ClosedCount.ShouldBe(1);
        host.Server.SessionCount.ShouldBe(0);
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ForcedClose, "the first close decides");
        await client.ShouldBeGoneAsync();
    }

    [Fact]
    public async Task Client_that_never_answers_the_close_frame_is_cut_off()
    {
        var time = new FakeTimeProvider();
        await using var host = await EngineHost.StartAsync(time: time);
        await using var raw = await RawWebSocket.ConnectAsync(host);
        var session = await host.Application.NextAsync();
        session.Session.Close();
        (await raw.ReadCloseAsync()).ShouldBe(1000);
        var end = raw.ReadToEndAsync();
        await EngineHost.EventuallyAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return end.IsCompleted;
            },
            "the connection is cut");
        await end;
    }

    [Fact]
    public async Task Handler_that_throws_ends_the_session_and_is_logged()
    {
        var application = new RecordingApplication { Handling = (_, _, _) => throw new InvalidOperationException("on purpose") };
        await using var host = await EngineHost.StartAsync(application: application);
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        await client.SendAsync("4x");
        (await client.ReadAsync()).ShouldBe("close");
        var (reason, exception) = await session.ClosedAsync();
        reason.ShouldBe(CloseReason.ForcedClose);
        exception!.Message.ShouldBe("on purpose");
        host.Log.Entries.ShouldContain(entry => entry.Level == LogLevel.Error && entry.Exception == exception && entry.Text.Contains(session.Session.Id));
        session.ClosedCount.ShouldBe(1);
    }

    [Fact]
    public async Task Application_is_told_of_the_end_after_the_message_it_still_handles()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await EngineHost.StartAsync(application: new RecordingApplication { Handling = (_, _, _) => new ValueTask(release.Task) });
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        await client.SendAsync("4x");
        await session.NextAsync();
        session.Session.Close(discard: true);
        host.Server.SessionCount.ShouldBe(0);
        session.ClosedCount.ShouldBe(0);
        release.SetResult();
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ForcedClose);
        session.Overlapped.ShouldBeFalse();
    }

    [Fact]
    public async Task Closing_from_many_threads_tells_the_application_once()
    {
        await using var host = await EngineHost.StartAsync();
        for (var i = 0; i < 30; i++)
        {
            await using var client = await WebSocketClient.OpenAsync(host);
            var session = await host.Application.NextAsync();
            await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(
                () =>
                {
                    session.Session.Send(OutboundMessages.Text("x"));
                    session.Session.Close(discard: thread % 2 == 0);
                },
                TestContext.Current.CancellationToken)));
            await session.ClosedAsync();
            session.ClosedCount.ShouldBe(1);
        }

        await host.SessionsAsync(0);
    }

    [Fact]
    public async Task Server_that_closes_tells_everybody_and_takes_nobody_in()
    {
        await using var host = await EngineHost.StartAsync();
        await using var socket = await WebSocketClient.OpenAsync(host);
        var first = await host.Application.NextAsync();
        var polling = await PollingClient.OpenAsync(host);
        var second = await host.Application.NextAsync();
        var poll = polling.PollAsync();
        await EngineHost.EventuallyAsync(() => second.Session.IsWritable, "the poll waits");
        await host.Server.CloseAsync(TestContext.Current.CancellationToken).WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken);
        (await first.ClosedReasonAsync()).ShouldBe(CloseReason.ServerShuttingDown);
        (await second.ClosedReasonAsync()).ShouldBe(CloseReason.ServerShuttingDown);
        (await poll).Body.ShouldBe("1");
        (await socket.ReadAsync()).ShouldBe("close");
        socket.Socket.CloseStatus.ShouldBe(System.Net.WebSockets.WebSocketCloseStatus.EndpointUnavailable);
        using var refused = await host.Http.GetAsync("?EIO=4&transport=polling", TestContext.Current.CancellationToken);
        refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        await host.Server.CloseAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Host_that_stops_is_not_held_up_by_open_sessions()
    {
        await using var host = await EngineHost.StartAsync();
        await using var socket = await WebSocketClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        var stop = host.StopAsync();
        (await socket.ReadAsync()).ShouldBe("close");
        await socket.CloseAsync();
        await stop.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken);
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ServerShuttingDown);
    }

    [Fact]
    public async Task Client_that_does_not_read_is_a_slow_consumer_and_delays_nobody()
    {
        await using var host = await EngineHost.StartAsync(options =>
        {
            options.MaxQueuedBytes = 2_000_000;
            options.SoftQueuedBytes = 2_000_000;
        });
        await using var slow = await RawWebSocket.ConnectAsync(host);
        var stuck = await host.Application.NextAsync();
        await using var healthy = await WebSocketClient.OpenAsync(host);
        var other = (await host.Application.NextAsync()).Session;
        var message = OutboundMessage.Binary(new byte[100_000]);
        var sent = 0;
        while (stuck.Session.Send(message))
        {
            // The system's own buffers take some megabytes before anything waits here.
            (++sent).ShouldBeLessThan(10_000);
            other.Send(OutboundMessages.Text($"{sent}")).ShouldBeTrue();
            (await healthy.ReadAsync()).ShouldBe($"4{sent}");
        }

        (await stuck.ClosedReasonAsync()).ShouldBe(CloseReason.SlowConsumer);
        stuck.Session.IsOpen.ShouldBeFalse();
        host.Server.SessionCount.ShouldBe(1);
        await slow.ReadToEndAsync();
    }

    [Fact]
    public async Task Client_that_floods_with_pings_and_never_reads_is_a_slow_consumer()
    {
        await using var host = await EngineHost.StartAsync(options => options.MaxQueuedMessages = 100);
        await using var raw = await RawWebSocket.ConnectAsync(host);
        var session = await host.Application.NextAsync();
        var pings = Enumerable.Repeat(RawWebSocket.Frame(0x89, new byte[125]), 200).SelectMany(frame => frame).ToArray();
        var flood = Task.Run(async () =>
        {
            try
            {
                while (session.ClosedCount == 0)
                    await raw.SendAsync(pings);
            }
            catch (IOException)
            {
                // Cut off, which is what is waited for.
            }
        }, TestContext.Current.CancellationToken);
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.SlowConsumer);
        await flood.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Application_is_not_told_of_the_end_inside_a_send()
    {
        using var held = new SemaphoreSlim(1);
        var application = new RecordingApplication { Closing = _ => held.Wait(EngineHost.Patience / 2).ShouldBeTrue("the sender holds it while it sends") };
        await using var host = await EngineHost.StartAsync(options => options.MaxQueuedMessages = 1, application: application);
        await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        await held.WaitAsync(TestContext.Current.CancellationToken);
        session.Session.Send(OutboundMessages.Text("x")).ShouldBeTrue();
        session.Session.Send(OutboundMessages.Text("x")).ShouldBeFalse();
        held.Release();
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.SlowConsumer);
    }

    [Fact]
    public async Task Polling_client_that_never_fetches_is_a_slow_consumer()
    {
        await using var host = await EngineHost.StartAsync(options => options.MaxQueuedMessages = 10);
        var client = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        for (var i = 0; i < 10; i++)
            session.Session.Send(OutboundMessages.Text("x")).ShouldBeTrue();
        session.Session.Send(OutboundMessages.Text("x")).ShouldBeFalse();
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.SlowConsumer);
        await client.ShouldBeGoneAsync();
    }

    [Fact]
    public async Task Polling_client_whose_answer_the_server_has_yet_to_write_is_no_slow_consumer()
    {
        await using var host = await EngineHost.StartAsync(options => options.MaxQueuedMessages = 10);
        var client = await PollingClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        var poll = client.ReadAsync(101);
        await EngineHost.EventuallyAsync(() => session.IsWritable, "the poll waits");

        // The request that is woken by the first finds the session's lock taken until the last.
        lock (session.Gate)
        {
            for (var i = 0; i <= 100; i++)
                session.Send(OutboundMessages.Text($"{i}")).ShouldBeTrue();
        }

        (await poll).ShouldBe(Enumerable.Range(0, 101).Select(i => $"4{i}"));
        session.IsOpen.ShouldBeTrue();
    }

    [Fact]
    public async Task Client_to_which_the_server_is_still_writing_is_no_slow_consumer()
    {
        using var held = new HeldWrite("4first"u8.ToArray());
        await using var host = await EngineHost.StartAsync(options =>
        {
            options.MaxQueuedMessages = 10;
            options.OnHeaders = (context, _) => held.Intercept(context);
        });
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        var writing = new Thread(() => session.Send(OutboundMessages.Text("first")));
        writing.Start();
        (await client.ReadAsync()).ShouldBe("4first");
        for (var i = 0; i < 100; i++)
            session.Send(OutboundMessages.Text($"{i}")).ShouldBeTrue();
        held.Release();
        for (var i = 0; i < 100; i++)
            (await client.ReadAsync()).ShouldBe($"4{i}");
        writing.Join();
        session.IsOpen.ShouldBeTrue();
    }

    [Theory]
    [InlineData(CloseReason.TransportClose, "transport close")]
    [InlineData(CloseReason.TransportError, "transport error")]
    [InlineData(CloseReason.PingTimeout, "ping timeout")]
    [InlineData(CloseReason.ParseError, "parse error")]
    [InlineData(CloseReason.ForcedClose, "forced close")]
    [InlineData(CloseReason.ServerShuttingDown, "server shutting down")]
    [InlineData(CloseReason.SlowConsumer, "slow consumer")]
    public void Reason_has_the_official_words(CloseReason reason, string text) => reason.ToText().ShouldBe(text);
}
