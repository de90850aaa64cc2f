using System.Net.WebSockets;
using EngineIO.Sessions;
using EngineIO.Tests.Hosting;
using EngineIO.Tests.Transports;

namespace EngineIO.Tests.Epoll;

/// <summary>What leaves together at the end of a loop's round, and what must not wait for it.</summary>
[Collection(typeof(AloneInProcess))]
public sealed class EpollSendingTests
{
    [Theory]
    [InlineData(2000, 10, 64, 1024 * 1024)]
    [InlineData(100, 1000, 16_384, 16 * 1024)]
    [InlineData(3, 300_000, 1, 16 * 1024)]
    public async Task One_handler_may_send_more_than_a_queue_holds_to_a_client_that_reads(int count, int length, int maxMessages, int maxBytes)
    {
        var padding = new string('x', length);
        await using var host = await EpollHost.StartAsync(
            options => (options.MaxQueuedMessages, options.MaxQueuedBytes, options.SoftQueuedBytes) = (maxMessages, maxBytes, maxBytes),
            application: new RecordingApplication
            {
                Handling = async (session, _, _) =>
                {
                    for (var i = 0; i < count; i++)
                    {
                        // What the system's own buffer does not hold waits for the client, as it must.
                        if (length > 10_000)
                            await session.Session.DrainAsync(0);
                        session.Session.Send(OutboundMessages.Text($"{i} {padding}")).ShouldBeTrue();
                    }
                },
            });
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        for (var round = 0; round < 3; round++)
        {
            await client.SendAsync("4go");
            for (var i = 0; i < count; i++)
                (await client.ReadAsync()).ShouldBe($"4{i} {padding}");
        }

        session.Session.IsOpen.ShouldBeTrue();
    }

    [Fact]
    public async Task Nothing_is_lost_or_torn_when_a_session_is_upgraded_while_others_send()
    {
        // The senders do not wait for anybody: what they send until the upgrade is done has to find room.
        await using var host = await EpollHost.StartAsync(options => options.MaxQueuedMessages = 10_000_000);
        for (var round = 0; round < 10; round++)
        {
            var polling = await PollingClient.OpenAsync(host);
            var session = (await host.Application.NextAsync()).Session;
            await using var socket = await WebSocketClient.ConnectAsync(host, polling.Sid);
            await socket.SendAsync("2probe");
            (await socket.ReadAsync()).ShouldBe("3probe");
            using var upgraded = new CancellationTokenSource();
            const int Senders = 2;
            var sent = new int[Senders];
            var sending = Enumerable.Range(0, Senders).Select(sender => Task.Run(
                () =>
                {
                    // Some are sent for certain after the upgrade too.
                    var left = 50;
                    while (left > 0)
                    {
                        session.Send(OutboundMessages.Text($"{sender}:{sent[sender]}")).ShouldBeTrue();
                        sent[sender]++;
                        if (upgraded.IsCancellationRequested)
                            left--;
                        else
                            Thread.Yield();
                    }
                },
                TestContext.Current.CancellationToken)).ToArray();
            await socket.SendAsync("5");
            var next = new int[Senders];
            Count(await socket.ReadAsync(), next);
            await upgraded.CancelAsync();
            await Task.WhenAll(sending);
            while (next.Sum() < sent.Sum())
                Count(await socket.ReadAsync(), next);
            next.ShouldBe(sent);
            await EpollHost.ShouldEchoAsync(socket, "end");
        }

        static void Count(string packet, int[] next)
        {
            packet[0].ShouldBe('4');
            var parts = packet[1..].Split(':');
            int.Parse(parts[1], null).ShouldBe(next[int.Parse(parts[0], null)]++);
        }
    }

    [Fact]
    public async Task Clients_that_flood_without_end_do_not_keep_others_waiting()
    {
        await using var host = await EpollHost.StartAsync(application: new RecordingApplication
        {
            Handling = (session, data, _) =>
            {
                if (!data.Span.SequenceEqual("flood"u8))
                    session.Session.Send(EngineIO.Transports.OutboundMessage.Text(data.Span));
                return default;
            },
        });
        await using var other = await WebSocketClient.OpenAsync(host);
        using var enough = new CancellationTokenSource();
        var burst = Enumerable.Repeat(RawWebSocket.Text("4flood"), 5000).SelectMany(frame => frame).ToArray();
        var flooding = new List<Task>();
        for (var i = 0; i < 3; i++)
        {
            var raw = await RawWebSocket.ConnectAsync(host);
            flooding.Add(Task.Run(
                async () =>
                {
                    await using (raw)
                    {
                        while (!enough.IsCancellationRequested)
                            await raw.SendAsync(burst);
                    }
                },
                TestContext.Current.CancellationToken));
        }

        for (var i = 0; i < 50; i++)
            await EpollHost.ShouldEchoAsync(other, $"{i}");
        flooding.ShouldNotContain(task => task.IsCompleted, "they flood still");
        await using (var late = await WebSocketClient.OpenAsync(host))
            await EpollHost.ShouldEchoAsync(late, "late");
        await enough.CancelAsync();
        await Task.WhenAll(flooding).WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Who_sends_to_clients_that_have_vanished_is_not_told_of_their_end_while_it_sends()
    {
        const int Clients = 50;
        using var sending = new ThreadLocal<bool>();
        var toldWhileSending = 0;
        var sessions = new List<EngineSession>();
        var clients = new List<RawWebSocket>();
        var hello = OutboundMessages.Text("hello");
        var application = new RecordingApplication
        {
            Closing = _ =>
            {
                if (sending.Value)
                    Interlocked.Increment(ref toldWhileSending);
            },

            // The loop is held while they vanish, so that the first to find out is a thread that sends.
            Handling = (_, _, _) =>
            {
                clients.ForEach(client => client.Reset());
                var sender = new Thread(() =>
                {
                    sending.Value = true;
                    sessions.ForEach(session => session.Send(hello));
                    sending.Value = false;
                });
                sender.Start();
                sender.Join();
                return ValueTask.CompletedTask;
            },
        };
        await using var host = await EpollHost.StartAsync(application: application);
        for (var i = 0; i < Clients; i++)
        {
            clients.Add(await RawWebSocket.ConnectAsync(host));
            sessions.Add((await application.NextAsync()).Session);
        }

        await using var other = await RawWebSocket.ConnectAsync(host);
        await other.SendAsync(RawWebSocket.Text("4go"));
        await host.SessionsAsync(1);

        toldWhileSending.ShouldBe(0);
    }

    [Fact]
    public async Task Client_that_stalls_holds_up_nobody_and_is_closed_when_it_holds_too_much()
    {
        await using var host = await EpollHost.StartAsync(options => (options.MaxQueuedBytes, options.SoftQueuedBytes) = (8 * 1024 * 1024, 8 * 1024 * 1024));
        var sockets = EpollHost.Sockets();
        await using (var stalled = await RawWebSocket.ConnectAsync(host))
        {
            // Before the other one is there: a client knows of its WebSocket before the server has made the session.
            var session = await host.Application.NextAsync();
            await using var other = await WebSocketClient.OpenAsync(host);
            var big = OutboundMessages.Text(new string('x', 1_000_000));
            for (var i = 0; i < 8; i++)
            {
                session.Session.Send(big).ShouldBeTrue();
                await EpollHost.ShouldEchoAsync(other, $"{i}");
            }

            // The system's buffers take some megabytes, but no client's may grow for ever.
            var most = 64;
            while (session.Session.Send(big))
                (--most).ShouldBeGreaterThan(0);
            (await session.ClosedReasonAsync()).ShouldBe(CloseReason.SlowConsumer);
            await EpollHost.ShouldEchoAsync(other, "after");
            await host.SessionsAsync(1);

            // The server's side is given back though this one has read nothing yet: what is left is this one's own socket and the other's two.
            await EngineHost.EventuallyAsync(() => EpollHost.Sockets() <= sockets + 3, "the server lets go of the connection");
            await stalled.ReadToEndAsync();
        }

        await host.SessionsAsync(0);
    }

    [Fact]
    public async Task What_a_client_does_not_read_waits_in_its_queue_and_not_in_the_system()
    {
        const int Length = 100_000;
        const int Limit = 1024 * 1024;
        await using var host = await EpollHost.StartAsync(options => (options.MaxQueuedBytes, options.SoftQueuedBytes) = (Limit, Limit));
        await using var stalled = await RawWebSocket.ConnectAsync(host);
        var session = await host.Application.NextAsync();
        await using var other = await WebSocketClient.OpenAsync(host);
        var message = OutboundMessages.Text(new string('x', Length));
        var sent = 0L;
        while (session.Session.Send(message))
        {
            // What the client's window and the system take at all, they have now.
            await EpollHost.ShouldEchoAsync(other, "next");
            sent += Length;
            sent.ShouldBeLessThan(2 * Limit, "all that is not the queue's is the client's window and 128 KiB");
        }

        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.SlowConsumer);
    }

    [Fact]
    public async Task Client_that_reads_late_gets_everything_in_order()
    {
        await using var host = await EpollHost.StartAsync();
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        var padding = new string('x', 50_000);
        for (var i = 0; i < 200; i++)
            session.Send(OutboundMessages.Text($"{i} {padding}")).ShouldBeTrue();
        session.IsWritable.ShouldBeFalse("ten megabytes are more than the system takes at once");
        for (var i = 0; i < 200; i++)
            (await client.ReadAsync()).ShouldBe($"4{i} {padding}");
        await EpollHost.ShouldEchoAsync(client, "end");
        client.Socket.State.ShouldBe(WebSocketState.Open);
    }
}
