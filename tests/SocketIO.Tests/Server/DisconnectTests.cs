using System.Collections.Concurrent;
using Adapters.Specification;
using EngineIO.Tests.Hosting;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using SocketIO.Adapters;
using SocketIO.Server;
using Xunit;

namespace SocketIO.Tests.Server;

public sealed class DisconnectTests : ServerTest
{
    // The server tells of each socket's end: reason, and the rooms before and after.
    private static Task<(DisconnectReason Reason, int Before, int After)> End(Socket socket)
    {
        var end = new TaskCompletionSource<(DisconnectReason, int, int)>(TaskCreationOptions.RunContinuationsAsynchronously);
        var before = 0;
        socket.OnDisconnecting(_ => before = socket.Rooms.Count);
        socket.OnDisconnect(reason => end.TrySetResult((reason, before, socket.Rooms.Count)));
        return end.Task;
    }

    [Fact]
    public async Task A_client_leaves_a_namespace()
    {
        var server = await Start();
        var (client, socket) = await ConnectBoth(server);
        var end = End(socket);
        var token = socket.Disconnected;
        socket.Join("a");
        await client.Send("1");
        (await Soon(end)).ShouldBe((DisconnectReason.ClientNamespaceDisconnect, 2, 0));
        token.IsCancellationRequested.ShouldBeTrue();
        socket.Disconnected.IsCancellationRequested.ShouldBeTrue();
        socket.Connected.ShouldBeFalse();
        socket.Emit("late", 1).ShouldBeFalse();
        await client.Join();
    }

    [Fact]
    public async Task A_connection_is_cut()
    {
        var server = await Start();
        var (client, socket) = await ConnectBoth(server);
        var end = End(socket);
        client.Abort();
        var (reason, before, after) = await Soon(end);
        reason.ShouldBeOneOf(DisconnectReason.TransportClose, DisconnectReason.TransportError);
        (before, after).ShouldBe((1, 0));
    }

    [Fact]
    public async Task A_ping_is_not_answered()
    {
        var time = new FakeTimeProvider();
        var server = await Start(time: time);
        var (client, socket) = await ConnectBoth(server);
        var end = End(socket);
        time.Advance(TimeSpan.FromSeconds(25.3));
        time.Advance(TimeSpan.FromSeconds(20.3));
        (await Soon(end)).Reason.ShouldBe(DisconnectReason.PingTimeout);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task The_server_disconnects_a_socket_and_the_connection_stays()
    {
        var server = await Start();
        var (client, socket) = await ConnectBoth(server);
        var end = End(socket);
        socket.Disconnect();
        end.IsCompleted.ShouldBeTrue();
        (await Soon(end)).ShouldBe((DisconnectReason.ServerNamespaceDisconnect, 1, 0));
        (await client.Receive()).ShouldBe("1");
        await client.Join();
    }

    [Fact]
    public async Task Who_was_disconnected_can_connect_again_as_soon_as_it_is_told()
    {
        using var leaving = new HeldWrite("41"u8.ToArray());
        var server = await Start(options => options.Engine.OnHeaders = (context, _) => leaving.Intercept(context));
        var (client, socket) = await ConnectBoth(server);
        var connected = 0;
        server.Io.OnConnection(_ => Interlocked.Increment(ref connected));
        var disconnect = new Thread(() => socket.Disconnect());
        disconnect.Start();
        (await client.Receive()).ShouldBe("1");
        await client.Send("0");
        await Eventually.IsTrue(() => Volatile.Read(ref connected) == 1, Cancellation);
        leaving.Release();
        (await client.Receive()).ShouldStartWith("0{\"sid\"");
        disconnect.Join();
        server.Io.Default.SocketCount.ShouldBe(1);
    }

    [Fact]
    public async Task The_server_disconnects_a_socket_and_the_connection()
    {
        var server = await Start();
        server.Io.Of("/other").Name.ShouldBe("/other");
        var (client, socket) = await ConnectBoth(server);
        await client.Join("/other");
        server.Io.Of("/other").TryGetSocket(client.Sid, out var other).ShouldBeTrue();
        var end = End(other);
        socket.Emit("last", 1);
        socket.Disconnect(closeConnection: true);
        (await client.ReceiveToEnd()).ShouldBe(["2[\"last\",1]", "1", "1/other,"]);
        (await Soon(end)).Reason.ShouldBe(DisconnectReason.ServerNamespaceDisconnect);
    }

    [Theory]
    [InlineData("2{}", DisconnectReason.ParseError)]
    [InlineData("9", DisconnectReason.ParseError)]
    [InlineData("2[\"disconnect\"]", DisconnectReason.ParseError)]
    [InlineData("511-[\"a\"]", DisconnectReason.ParseError)]
    [InlineData("2abc[\"message-with-ack\",1]", DisconnectReason.ParseError)]
    [InlineData("0", DisconnectReason.ForcedServerClose)]
    [InlineData("2/nowhere,[\"a\"]", DisconnectReason.ForcedServerClose)]
    [InlineData("3/nowhere,1[]", DisconnectReason.ForcedServerClose)]
    [InlineData("1/nowhere,", DisconnectReason.ForcedServerClose)]
    [InlineData("4{\"message\":\"from a client\"}", DisconnectReason.ForcedServerClose)]
    public async Task A_client_that_breaks_the_protocol_is_closed_with_a_reason(string packet, DisconnectReason reason)
    {
        var server = await Start();
        var handled = new ConcurrentQueue<int>();
        server.Io.OnConnection(socket => socket.On<int>("n", handled.Enqueue));
        var (client, socket) = await ConnectBoth(server);
        var end = End(socket);
        await client.Send("2[\"n\",1]");
        await client.Send(packet);
        await client.Send("2[\"n\",2]");
        (await client.ReceiveToEnd()).ShouldBeEmpty();
        (await Soon(end)).Reason.ShouldBe(reason);
        handled.ShouldBe([1]);
        server.Log.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_stray_attachment_is_a_parse_error()
    {
        var server = await Start();
        var (client, socket) = await ConnectBoth(server);
        var end = End(socket);
        await client.SendBinary([1, 2, 3]);
        (await client.ReceiveToEnd()).ShouldBeEmpty();
        (await Soon(end)).Reason.ShouldBe(DisconnectReason.ParseError);
    }

    [Fact]
    public async Task An_event_before_the_namespace_is_joined_closes_the_connection()
    {
        var server = await Start();
        var client = await Open(server);
        await client.Send("2[\"n\",1]");
        (await client.ReceiveToEnd()).ShouldBeEmpty();
        await Eventually.IsTrue(() => server.Io.Engine.SessionCount == 0, Cancellation);
    }

    [Fact]
    public async Task Who_has_not_joined_the_namespace_is_not_waited_for_with_attachments()
    {
        var server = await Start();
        var client = await Open(server);
        await client.Send("""51-["n",{"_placeholder":true,"num":0}]""");
        (await client.ReceiveToEnd()).ShouldBeEmpty();
        await Eventually.IsTrue(() => server.Io.Engine.SessionCount == 0, Cancellation);
    }

    [Fact]
    public async Task Who_keeps_the_server_waiting_for_attachments_has_to_go_when_all_together_hold_too_much()
    {
        const string Header = """52-["n",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]""";
        var attachment = new byte[200_000];
        var server = await Start(options => options.Engine.MaxTotalIncompleteBytes = 300_000);
        var whole = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Io.OnConnection(socket => socket.On<byte[], byte[]>("n", (one, two, _) =>
        {
            whole.SetResult(one.Length + two.Length);
            return default;
        }));
        var (one, oneSocket) = await ConnectBoth(server);
        var (other, otherSocket) = await ConnectBoth(server);
        var (oneEnd, otherEnd) = (End(oneSocket), End(otherSocket));
        foreach (var client in (RawClient[])[one, other])
        {
            await client.Send(Header);
            await client.SendBinary(attachment);
        }

        // Which of them the server hears first is not said.
        var end = await Soon(Task.WhenAny(oneEnd, otherEnd));
        (await end).Reason.ShouldBe(DisconnectReason.TransportError);
        await (end == oneEnd ? other : one).SendBinary(attachment);
        (await Soon(whole.Task)).ShouldBe(2 * attachment.Length);
    }

    [Fact]
    public async Task A_second_connect_while_middleware_decides_closes_the_connection()
    {
        var server = await Start();
        var decide = new TaskCompletionSource();
        server.Io.Use(async _ => await decide.Task);
        var connected = 0;
        server.Io.OnConnection(_ => connected++);
        var client = await Open(server);
        await client.Send("0");
        await client.Send("0");
        (await client.ReceiveToEnd()).ShouldBeEmpty();
        decide.SetResult();
        await Eventually.IsTrue(() => server.Io.Engine.SessionCount == 0, Cancellation);
        connected.ShouldBe(0);
        server.Io.Default.SocketCount.ShouldBe(0);
    }

    [Fact]
    public async Task What_a_client_sent_before_it_hung_up_is_handled_and_then_it_is_gone()
    {
        var server = await Start();
        var mayGoOn = new TaskCompletionSource();
        var started = new TaskCompletionSource();
        var order = new ConcurrentQueue<string>();
        var gone = new TaskCompletionSource();
        server.Io.OnConnection(socket =>
        {
            socket.On<int>("n", async value =>
            {
                started.TrySetResult();
                await mayGoOn.Task;
                socket.Join($"room {value}");
                order.Enqueue($"{value} {socket.Connected}");
            });
            socket.OnDisconnect(reason =>
            {
                order.Enqueue(reason.ToWire());
                gone.SetResult();
            });
        });
        var (client, socket) = await ConnectBoth(server);
        await client.Send("2[\"n\",1]");
        await client.Send("2[\"n\",2]");
        await client.Send("1");
        await Soon(started.Task);
        client.Abort();
        await Eventually.IsTrue(() => server.Io.Engine.SessionCount == 0, Cancellation);
        socket.Connected.ShouldBeFalse();
        mayGoOn.SetResult();
        await Soon(gone.Task);
        order.ShouldBe(["1 False", "2 False", "client namespace disconnect"]);
        ((InMemoryAdapter)server.Io.Default.Adapter).RoomCount.ShouldBe(0);
    }

    [Fact]
    public async Task A_handler_that_hangs_does_not_keep_a_socket_for_ever()
    {
        var time = new FakeTimeProvider();
        var server = await Start(options => options.DisconnectDrainTimeout = TimeSpan.FromSeconds(5), time);
        var hang = new TaskCompletionSource();
        var started = new TaskCompletionSource();
        server.Io.OnConnection(socket => socket.On("hang", async () =>
        {
            started.SetResult();
            await hang.Task;
        }));
        var (client, socket) = await ConnectBoth(server);
        var end = End(socket);
        await client.Send("2[\"hang\"]");
        await Soon(started.Task);
        await client.Send("1");
        await Eventually.IsTrue(() => !socket.Connected, Cancellation);
        end.IsCompleted.ShouldBeFalse();
        await Eventually.IsTrue(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return end.IsCompleted;
            },
            Cancellation);
        server.Io.Default.SocketCount.ShouldBe(0);
        hang.SetResult();
    }

    [Fact]
    public async Task A_connection_that_ends_while_too_many_of_its_events_wait_is_gone_for_its_sockets_too()
    {
        var server = await Start(
            options =>
            {
                options.MaxPendingEvents = 1;
                options.DisconnectDrainTimeout = TimeSpan.FromMilliseconds(1);
            },
            TimeProvider.System);
        var hang = new TaskCompletionSource();
        server.Io.OnConnection(socket => socket.On("hang", async () => await hang.Task));
        var (client, socket) = await ConnectBoth(server);
        var end = End(socket);
        for (var i = 0; i < 3; i++) await client.Send("2[\"hang\"]");
        await Eventually.IsTrue(() => socket.Client.PendingEvents == 1, Cancellation);
        socket.Session.Close(EngineIO.Sessions.CloseReason.TransportError, discard: true);
        (await Soon(end)).ShouldBe((DisconnectReason.TransportError, 1, 0));
        server.Io.Default.SocketCount.ShouldBe(0);
        await client.ReceiveToEnd();
        await Soon(server.Stop());
        hang.SetResult();
    }

    [Fact]
    public async Task An_empty_namespace_takes_no_later_one_of_its_name_with_it()
    {
        var server = await Start();
        var parent = server.Io.Of((_, _, _) => ValueTask.FromResult(true));
        var (first, socket) = await ConnectBoth(server, "/dynamic");
        var old = socket.Namespace;
        await first.Send("1/dynamic,");
        await Eventually.IsTrue(() => parent.Children.Count == 0, Cancellation);
        await Connect(server, "/dynamic");

        // As a client that was refused does on its way out, when another has left meanwhile.
        server.Io.RemoveIfEmpty(old);
        parent.Children.ShouldHaveSingleItem().SocketCount.ShouldBe(1);
    }

    [Fact]
    public async Task Adapters_are_closed_even_after_a_close_that_was_given_up()
    {
        var closed = 0;
        var server = await Start(options => options.Adapter = ns => new CountingAdapter(ns, () => closed++));

        // A client that does not poll is waited for.
        using var http = new HttpClient();
        await http.GetStringAsync(new Uri(server.Address, "/socket.io/?EIO=4&transport=polling"), Cancellation);
        await Should.ThrowAsync<OperationCanceledException>(() => server.Io.CloseAsync(new CancellationToken(canceled: true)));
        await Soon(server.Io.CloseAsync(Cancellation));
        await Soon(server.Io.CloseAsync(Cancellation));
        closed.ShouldBe(1);
    }

    private sealed class CountingAdapter(Namespace ns, Action onClosed) : InMemoryAdapter(ns)
    {
        public override ValueTask CloseAsync()
        {
            onClosed();
            return base.CloseAsync();
        }
    }

    [Fact]
    public async Task A_disconnect_handler_that_throws_is_logged_and_the_next_is_told()
    {
        var server = await Start();
        var (client, socket) = await ConnectBoth(server);
        socket.OnDisconnect(_ => throw new InvalidOperationException("oops"));
        var end = End(socket);
        await client.Send("1");
        await Soon(end);
        server.Log.Errors.ShouldHaveSingleItem().ShouldContain("oops");
    }

    [Fact]
    public async Task Closing_the_server_ends_every_socket_with_its_reason()
    {
        var server = await Start();
        var (client, socket) = await ConnectBoth(server);
        var end = End(socket);
        await Soon(server.Io.CloseAsync(Cancellation));
        (await Soon(end)).ShouldBe((DisconnectReason.ServerShuttingDown, 1, 0));
        (await client.ReceiveToEnd()).ShouldBeEmpty();
        server.Io.Default.SocketCount.ShouldBe(0);
    }

    [Fact]
    public async Task Stopping_the_host_closes_clients()
    {
        var server = await Start();
        var (client, socket) = await ConnectBoth(server);
        var end = End(socket);
        var stopped = server.Stop();
        (await Soon(end)).Reason.ShouldBe(DisconnectReason.ServerShuttingDown);
        (await client.ReceiveToEnd()).ShouldBeEmpty();
        await Soon(stopped);
    }

    [Fact]
    public async Task Nothing_is_left_when_all_have_gone()
    {
        var server = await Start();
        var parent = server.Io.Of((name, _, _) => ValueTask.FromResult(true));
        parent.OnConnection(socket => socket.Join("room"));
        var clients = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.Connect(Cancellation)));
        foreach (var client in clients)
        {
            await client.Join("/dynamic");
            await client.Join($"/own-{client.Sid}");
        }

        var question = server.Io.Default.All.EmitWithAck<int, int>("q", 1, Cancellation);
        for (var i = 0; i < clients.Length; i++)
        {
            if (i % 2 == 0) clients[i].Abort();
            else await clients[i].Send("1/dynamic,");
        }

        foreach (var client in clients) await client.DisposeAsync();
        (await Soon(question)).Answers.ShouldBeEmpty();
        await Eventually.IsTrue(() => server.Io.Engine.SessionCount == 0 && parent.Children.Count == 0, Cancellation);
        server.Io.Default.SocketCount.ShouldBe(0);
        ((InMemoryAdapter)server.Io.Default.Adapter).RoomCount.ShouldBe(0);
        server.Log.Errors.ShouldBeEmpty();
    }
}
