using System.Net;
using CsCheck;
using EngineIO.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using EngineIO.Tests.Transports;
using Microsoft.Extensions.Time.Testing;

namespace EngineIO.Tests.Sessions;

public sealed class UpgradeTests
{
    [Fact]
    public async Task Probed_websocket_takes_the_place_of_polling()
    {
        await using var host = await EngineHost.StartAsync(application: RecordingApplication.Echo());
        var polling = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        await using var socket = await WebSocketClient.ConnectAsync(host, polling.Sid);
        await socket.SendAsync("2probe");
        (await socket.ReadAsync()).ShouldBe("3probe");
        session.Session.Transport.ShouldBe(EngineTransports.Polling);
        await socket.SendAsync("5");
        await socket.SendAsync("4hello");
        (await socket.ReadAsync()).ShouldBe("4hello");
        session.Session.Transport.ShouldBe(EngineTransports.WebSocket);
        session.Session.IsWritable.ShouldBeTrue();

        (await polling.PollAsync()).ShouldBe((HttpStatusCode.BadRequest, """{"code":3,"message":"Bad request"}"""));
        (await polling.PostAsync("4late")).Status.ShouldBe(HttpStatusCode.BadRequest);
        await socket.SendAsync("4still here");
        (await socket.ReadAsync()).ShouldBe("4still here");
        host.Server.SessionCount.ShouldBe(1);
    }

    [Fact]
    public async Task Poll_that_waits_is_ended_with_a_noop_while_the_websocket_is_probed()
    {
        var time = new FakeTimeProvider();
        await using var host = await EngineHost.StartAsync(options => (options.PingInterval, options.UpgradeTimeout) = (TimeSpan.FromHours(1), TimeSpan.FromHours(1)), time);
        var polling = await PollingClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        await using var socket = await WebSocketClient.ConnectAsync(host, polling.Sid);
        await socket.SendAsync("2probe");
        (await socket.ReadAsync()).ShouldBe("3probe");
        for (var i = 0; i < 3; i++)
        {
            var poll = polling.PollAsync();
            await AdvanceUntilAsync(time, () => poll.IsCompleted);
            (await poll).ShouldBe((HttpStatusCode.OK, "6"));
        }

        session.Transport.ShouldBe(EngineTransports.Polling);
    }

    [Theory]
    [InlineData(true, HttpStatusCode.OK, "6")]
    [InlineData(false, HttpStatusCode.BadRequest, """{"code":3,"message":"Bad request"}""")]
    public async Task Poll_that_still_waits_when_the_upgrade_completes_is_ended(bool fromBefore, HttpStatusCode status, string body)
    {
        await using var host = await EngineHost.StartAsync(time: new FakeTimeProvider());
        var polling = await PollingClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        var poll = fromBefore ? await PollThatWaitsAsync() : null;
        await using var socket = await WebSocketClient.ConnectAsync(host, polling.Sid);
        await socket.SendAsync("2probe");
        (await socket.ReadAsync()).ShouldBe("3probe");
        poll ??= await PollThatWaitsAsync();
        await socket.SendAsync("5");
        (await poll).ShouldBe((status, body));

        session.Send(OutboundMessages.Text("over the socket"));
        (await socket.ReadAsync()).ShouldBe("4over the socket");

        async Task<Task<(HttpStatusCode Status, string Body)>> PollThatWaitsAsync()
        {
            var waiting = polling.PollAsync();
            await EngineHost.EventuallyAsync(() => session.IsWritable, "the poll waits");
            return waiting;
        }
    }

    [Fact]
    public async Task What_waited_before_goes_out_over_the_websocket()
    {
        await using var host = await EngineHost.StartAsync();
        var polling = await PollingClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        await using var socket = await WebSocketClient.ConnectAsync(host, polling.Sid);
        for (var i = 0; i < 100; i++)
            session.Send(OutboundMessages.Text($"{i}"));
        await socket.SendAsync("2probe");
        (await socket.ReadAsync()).ShouldBe("3probe");
        await socket.SendAsync("5");
        for (var i = 0; i < 100; i++)
            (await socket.ReadAsync()).ShouldBe($"4{i}");
    }

    [Fact]
    public async Task Upgrade_that_never_finishes_is_given_up_and_polling_lives_on()
    {
        var time = new FakeTimeProvider();
        await using var host = await EngineHost.StartAsync(
            options => (options.PingInterval, options.UpgradeTimeout) = (TimeSpan.FromHours(1), TimeSpan.FromSeconds(1)),
            time,
            RecordingApplication.Echo());
        var polling = await PollingClient.OpenAsync(host);
        foreach (var probe in (bool[])[false, true])
        {
            await using var raw = await RawWebSocket.ConnectAsync(host, polling.Sid);
            if (probe)
            {
                await raw.SendAsync(RawWebSocket.Text("2probe"));
                (await raw.ReadTextAsync()).ShouldBe("3probe");
            }

            var end = raw.ReadToEndAsync();
            await AdvanceUntilAsync(time, () => end.IsCompleted);
            await end;
            await polling.PostAsync("4still here");
            (await polling.ReadAsync(1)).ShouldBe(["4still here"]);
        }

        host.Server.SessionCount.ShouldBe(1);
    }

    [Theory]
    [InlineData("4message")]
    [InlineData("2")]
    [InlineData("2prob")]
    [InlineData("3probe")]
    [InlineData("abc")]
    [InlineData("")]
    [InlineData("1")]
    public async Task Websocket_that_sends_anything_but_the_probe_is_closed_and_polling_lives_on(string packet)
    {
        await using var host = await EngineHost.StartAsync(application: RecordingApplication.Echo());
        var polling = await PollingClient.OpenAsync(host);
        await using (var raw = await RawWebSocket.ConnectAsync(host, polling.Sid))
        {
            await raw.SendAsync(RawWebSocket.Text(packet));
            (await raw.ReadCloseAsync()).ShouldBe(1002);

            // Not some time after the client knows: it may try again at once.
            host.Log.Entries.ShouldContain(entry => entry.Text.StartsWith("Upgrade of session", StringComparison.Ordinal));
        }

        await polling.PostAsync("4still here");
        (await polling.ReadAsync(1)).ShouldBe(["4still here"]);

        // And another attempt may be made.
        await UpgradeAsync(host, polling.Sid);
    }

    [Fact]
    public async Task Websocket_that_goes_away_while_probing_leaves_polling_alive()
    {
        await using var host = await EngineHost.StartAsync(application: RecordingApplication.Echo());
        var polling = await PollingClient.OpenAsync(host);
        var raw = await RawWebSocket.ConnectAsync(host, polling.Sid);
        await raw.SendAsync(RawWebSocket.Text("2probe"));
        (await raw.ReadTextAsync()).ShouldBe("3probe");
        raw.Reset();
        await EngineHost.EventuallyAsync(() => host.Log.Entries.Any(entry => entry.Text.StartsWith("Upgrade of session", StringComparison.Ordinal)), "the upgrade has failed");
        await polling.PostAsync("4still here");
        (await polling.ReadAsync(1)).ShouldBe(["4still here"]);
        await UpgradeAsync(host, polling.Sid);
    }

    [Fact]
    public async Task Websocket_that_is_closed_while_probing_leaves_its_place_to_the_next()
    {
        await using var host = await EngineHost.StartAsync(application: RecordingApplication.Echo());
        var polling = await PollingClient.OpenAsync(host);
        await using (var raw = await RawWebSocket.ConnectAsync(host, polling.Sid))
        {
            await raw.SendAsync(RawWebSocket.Frame(0x88, [0x03, 0xe8]));
            (await raw.ReadCloseAsync()).ShouldBe(1000);
            host.Log.Entries.ShouldContain(entry => entry.Text.StartsWith("Upgrade of session", StringComparison.Ordinal));
        }

        await UpgradeAsync(host, polling.Sid);
    }

    [Fact]
    public async Task Websocket_that_breaks_the_protocol_while_probing_is_told_so_and_leaves_its_place_to_the_next()
    {
        await using var host = await EngineHost.StartAsync(application: RecordingApplication.Echo());
        var polling = await PollingClient.OpenAsync(host);
        await using (var raw = await RawWebSocket.ConnectAsync(host, polling.Sid))
        {
            await raw.SendAsync([.. RawWebSocket.Frame(0x89, "abc"u8), .. RawWebSocket.Frame(0x83, "x"u8)]);
            var (first, payload) = await raw.ReadFrameAsync();
            first.ShouldBe((byte)0x8a);
            payload.ShouldBe("abc"u8.ToArray());
            (await raw.ReadCloseAsync()).ShouldBe(1002);
        }

        await UpgradeAsync(host, polling.Sid);
    }

    [Fact]
    public async Task Second_websocket_is_closed_while_and_after_the_first_upgrades()
    {
        await using var host = await EngineHost.StartAsync(application: RecordingApplication.Echo());
        var polling = await PollingClient.OpenAsync(host);
        await using var first = await WebSocketClient.ConnectAsync(host, polling.Sid);
        await first.SendAsync("2probe");
        (await first.ReadAsync()).ShouldBe("3probe");
        await using (var second = await WebSocketClient.ConnectAsync(host, polling.Sid))
            (await second.ReadAsync()).ShouldBe("close");
        await first.SendAsync("5");
        await first.SendAsync("4a");
        (await first.ReadAsync()).ShouldBe("4a");
        await using (var third = await WebSocketClient.ConnectAsync(host, polling.Sid))
            (await third.ReadAsync()).ShouldBe("close");
        await first.SendAsync("4b");
        (await first.ReadAsync()).ShouldBe("4b");
    }

    [Fact]
    public async Task Upgrade_that_is_not_allowed_is_refused()
    {
        await using var host = await EngineHost.StartAsync(options => options.AllowUpgrades = false);
        var polling = await PollingClient.OpenAsync(host);
        await using var raw = await RawWebSocket.ConnectAsync(host, polling.Sid);
        raw.Response.ShouldStartWith("HTTP/1.1 400 ");
    }

    [Fact]
    public async Task Session_that_ends_takes_the_probing_websocket_with_it()
    {
        await using var host = await EngineHost.StartAsync();
        var polling = await PollingClient.OpenAsync(host);
        await using var raw = await RawWebSocket.ConnectAsync(host, polling.Sid);
        await raw.SendAsync(RawWebSocket.Text("2probe"));
        (await raw.ReadTextAsync()).ShouldBe("3probe");
        await polling.PostAsync("1");
        await raw.ReadToEndAsync();
        await host.SessionsAsync(0);
    }

    [Fact]
    public async Task Message_over_the_websocket_waits_for_the_post_that_is_still_handled()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var application = new RecordingApplication
        {
            Handling = (_, data, _) => data.Span.SequenceEqual("slow"u8) ? new ValueTask(release.Task) : ValueTask.CompletedTask,
        };
        await using var host = await EngineHost.StartAsync(application: application);
        var polling = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        await using var socket = await WebSocketClient.ConnectAsync(host, polling.Sid);
        await socket.SendAsync("2probe");
        (await socket.ReadAsync()).ShouldBe("3probe");
        var post = polling.PostAsync("4slow\u001e4second");
        (await session.NextAsync()).ShouldBe("slow");
        await socket.SendAsync("5");
        await socket.SendAsync("4third");
        await EngineHost.EventuallyAsync(() => session.Session.Transport == EngineTransports.WebSocket, "upgraded");
        session.HasMessage.ShouldBeFalse();
        release.SetResult();
        (await session.NextAsync()).ShouldBe("second");
        (await session.NextAsync()).ShouldBe("third");
        (await post).Body.ShouldBe("ok");
        session.Overlapped.ShouldBeFalse();
    }

    [Fact]
    public async Task Post_that_an_upgrade_overtakes_is_refused()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var upgraded = new ManualResetEventSlim();
        await using var host = await EngineHost.StartAsync(options => options.OnHeaders = (context, _) =>
        {
            if (!HttpMethods.IsPost(context.Request.Method))
                return;
            arrived.SetResult();
            upgraded.Wait(EngineHost.Patience);
        });
        var polling = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        var post = polling.PostAsync("4overtaken");
        await arrived.Task.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken);
        await using var socket = await WebSocketClient.ConnectAsync(host, polling.Sid);
        await socket.SendAsync("2probe");
        (await socket.ReadAsync()).ShouldBe("3probe");
        await socket.SendAsync("5");
        await EngineHost.EventuallyAsync(() => session.Session.Transport == EngineTransports.WebSocket, "upgraded");
        upgraded.Set();
        (await post).Status.ShouldBe(HttpStatusCode.BadRequest);
        session.HasMessage.ShouldBeFalse();
        session.Session.IsOpen.ShouldBeTrue();
    }

    [Fact]
    public async Task Nothing_is_lost_or_doubled_wherever_the_upgrade_falls()
    {
        // The real clock: polls are ended at intervals.
        await using var host = await EngineHost.StartAsync(time: TimeProvider.System);
        await Gen.Select(Gen.Int[0, 40], Gen.Int[0, 40], Gen.Int[1, 30], Gen.Bool).SampleAsync(
            async (beforeProbe, beforeUpgrade, burst, fromOtherThread) =>
            {
                var polling = await PollingClient.OpenAsync(host);
                var session = (await host.Application.NextAsync()).Session;
                var got = new List<string>();
                const int Total = 120;
                var sent = 0;
                void Send(int count)
                {
                    for (var i = 0; i < count && sent < Total; i++)
                        session.Send(OutboundMessages.Text($"{sent++}")).ShouldBeTrue();
                }

                // Polls go on, as the official client's do, until the client has paused polling.
                using var paused = new CancellationTokenSource();
                var polls = Task.Run(async () =>
                {
                    while (!paused.IsCancellationRequested)
                        got.AddRange((await polling.PollAsync()).Body.Split('\u001e').Where(packet => packet is not ("6" or "2")));
                });
                Send(beforeProbe);
                await using var socket = await WebSocketClient.ConnectAsync(host, polling.Sid);
                await socket.SendAsync("2probe");
                var sending = fromOtherThread
                    ? Task.Run(async () =>
                    {
                        while (sent < Total)
                        {
                            Send(burst);
                            await Task.Yield();
                        }
                    })
                    : Task.CompletedTask;
                (await socket.ReadAsync()).ShouldBe("3probe");
                if (!fromOtherThread)
                    Send(beforeUpgrade);
                await paused.CancelAsync();
                await polls;
                await socket.SendAsync("5");
                if (!fromOtherThread)
                    Send(Total);
                while (got.Count < Total)
                    got.Add(await socket.ReadAsync());
                await sending;
                got.ShouldBe(Enumerable.Range(0, Total).Select(i => $"4{i}"));
                await socket.SendAsync("1");
            },
            iter: 40,
            threads: 1);
    }

    private static async Task UpgradeAsync(EngineHost host, string sid)
    {
        await using var socket = await WebSocketClient.ConnectAsync(host, sid);
        await socket.SendAsync("2probe");
        (await socket.ReadAsync()).ShouldBe("3probe");
        await socket.SendAsync("5");
        await socket.SendAsync("4upgraded");
        (await socket.ReadAsync()).ShouldBe("4upgraded");
    }

    private static async Task AdvanceUntilAsync(FakeTimeProvider time, Func<bool> condition) =>
        await EngineHost.EventuallyAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(20));
                return condition();
            },
            "after some time");
}
