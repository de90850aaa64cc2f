using System.Text.RegularExpressions;
using System.Text;
using Adapters.Specification;
using EngineIO.Tests.Hosting;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using SocketIO.Server;
using Xunit;

namespace SocketIO.Tests.Server;

public sealed partial class ConnectTests : ServerTest
{
    [GeneratedRegex("^/room-[0-9]{1,3}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RoomName();

    [Fact]
    public async Task A_socket_has_an_id_of_its_own_and_the_auth_it_came_with()
    {
        var server = await Start();
        var connected = new TaskCompletionSource<Socket>();
        server.Io.OnConnection(connected.SetResult);
        var client = await Connect(server, auth: "{\"token\":\"123\"}");
        var socket = await Soon(connected.Task);
        socket.Id.ShouldBe(client.Sid);
        socket.Id.Length.ShouldBe(20);
        socket.Id.ShouldNotBe(socket.Session.Id);
        socket.Handshake.Auth!.Value.GetProperty("token").GetString().ShouldBe("123");
        socket.Connected.ShouldBeTrue();
        socket.Rooms.ShouldBe([socket.Id]);
        client.ConnectAnswer.TryGetProperty("pid", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Without_auth_there_is_none()
    {
        var server = await Start();
        var (_, socket) = await ConnectBoth(server);
        socket.Handshake.Auth.ShouldBeNull();
    }

    [Theory]
    [InlineData("0/unknown,", "4/unknown,{\"message\":\"Invalid namespace\"}")]
    [InlineData("0/admin?token=x,", "4/admin?token=x,{\"message\":\"Invalid namespace\"}")]
    public async Task An_unknown_namespace_is_refused_and_the_connection_stays(string packet, string answer)
    {
        var server = await Start();
        server.Io.Of("admin").Name.ShouldBe("/admin");
        var client = await Open(server);
        await client.Send(packet);
        (await client.Receive()).ShouldBe(answer);
        await client.Join("/admin");
    }

    [Fact]
    public async Task Middleware_runs_in_order_and_refuses_with_message_and_data()
    {
        var server = await Start();
        List<string> ran = [];
        server.Io.Use(async socket =>
        {
            ran.Add("first");
            await Task.Yield();
            socket.Join("early");
        });
        server.Io.Use(socket =>
        {
            ran.Add("second");
            throw socket.Handshake.Auth is null ? new ConnectRefusedException("Authentication required") : new ConnectRefusedException("No", new Greeting("data"));
        });
        server.Io.OnConnection(_ => ran.Add("connected"));
        var client = await Open(server);
        await client.Send("0");
        (await client.Receive()).ShouldBe("4{\"message\":\"Authentication required\"}");
        await client.Send("0{}");
        (await client.Receive()).ShouldBe("4{\"message\":\"No\",\"data\":{\"name\":\"data\",\"times\":1,\"note\":null}}");
        ran.ShouldBe(["first", "second", "first", "second"]);
        server.Io.Default.Adapter.Sockets("early").ShouldBeEmpty();
        server.Io.Default.Adapter.Sockets().ShouldBeEmpty();
        server.Log.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_was_refused_can_try_again_as_soon_as_the_answer_is_there()
    {
        const string Refusal = "4{\"message\":\"No\"}";
        using var refusing = new HeldWrite(Encoding.UTF8.GetBytes("4" + Refusal));
        var server = await Start(options => options.Engine.OnHeaders = (context, _) => refusing.Intercept(context));
        var tries = 0;
        server.Io.Use(async _ =>
        {
            // On another thread than the one that reads, which must be free for the second try.
            await Task.Yield();
            Interlocked.Increment(ref tries);
            throw new ConnectRefusedException("No");
        });
        var client = await Open(server);
        await client.Send("0");
        (await client.Receive()).ShouldBe(Refusal);
        await client.Send("0");
        await Eventually.IsTrue(() => Volatile.Read(ref tries) == 2, Cancellation);
        refusing.Release();
        (await client.Receive()).ShouldBe(Refusal);
    }

    [Fact]
    public async Task What_middleware_throws_by_accident_is_logged_and_not_shown()
    {
        var server = await Start();
        server.Io.Use(_ => throw new InvalidOperationException("secret"));
        var client = await Open(server);
        await client.Send("0");
        (await client.Receive()).ShouldBe("4{\"message\":\"Internal error\"}");
        server.Log.Errors.ShouldHaveSingleItem().ShouldContain("secret");
    }

    [Fact]
    public async Task Nothing_is_sent_to_a_socket_that_middleware_has_not_let_in()
    {
        var server = await Start();
        var answered = Task.CompletedTask;
        server.Io.Use(socket =>
        {
            socket.Join("room");
            socket.Emit("early", 1).ShouldBeFalse();
            server.Io.To("room").Emit("early", 2);
            answered = socket.EmitWithAck<int, int>("early", 3, cancellationToken: Cancellation);
            socket.Disconnect();
            return default;
        });
        var client = await Connect(server);
        await Should.ThrowAsync<SocketDisconnectedException>(answered);
        server.Io.To("room").Emit("now", 4);
        (await client.Receive()).ShouldBe("2[\"now\",4]");
        server.Log.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_socket_whose_client_knows_that_it_is_connected_can_be_disconnected()
    {
        using var connecting = new HeldWrite("40{\"sid\""u8.ToArray());
        var server = await Start(options => options.Engine.OnHeaders = (context, _) => connecting.Intercept(context));
        var (client, socket) = await ConnectBoth(server);
        var disconnect = new Thread(() => socket.Disconnect());
        disconnect.Start();

        // It has been let through, or waits for the thread that is still busy with connecting.
        await Eventually.IsTrue(() => !disconnect.IsAlive || disconnect.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Cancellation);
        connecting.Release();
        (await client.Receive()).ShouldBe("1");
        await Eventually.IsTrue(() => server.Io.Default.SocketCount == 0, Cancellation);
    }

    [Fact]
    public async Task Events_wait_for_the_connection_handler()
    {
        var server = await Start();
        var handlerMayEnd = new TaskCompletionSource();
        List<string> order = [];
        var done = new TaskCompletionSource();
        server.Io.OnConnection(async socket =>
        {
            socket.On<int>("n", value =>
            {
                order.Add($"event {value}");
                if (value == 2) done.SetResult();
            });
            await handlerMayEnd.Task;
            order.Add("connected");
        });
        var client = await Connect(server);
        await client.Send("2[\"n\",1]");
        await client.Send("2[\"n\",2]");
        await client.Send("2/nowhere,[\"reader is here\"]");
        await client.ReceiveToEnd();
        handlerMayEnd.SetResult();
        await Soon(done.Task);
        order.ShouldBe(["connected", "event 1", "event 2"]);
    }

    [Fact]
    public async Task A_client_that_knows_that_it_is_connected_is_in_the_rooms_of_the_connection_handler()
    {
        using var mayJoin = new ManualResetEventSlim();
        using var handled = new ManualResetEventSlim();
        var server = await Start();
        var other = await Connect(server);
        server.Io.OnConnection(socket =>
        {
            socket.Emit("welcome", 1).ShouldBeTrue();
            handled.Set();

            // As a machine with too much to do may hold it up; the loop goes on with another thread then.
            mayJoin.Wait(Cancellation);
        });
        server.Io.OnConnection(socket => socket.Join("room"));
        var client = await Open(server);
        await client.Send("0");
        var told = client.Receive();
        handled.Wait(Cancellation);
        server.Io.Emit("all", 1);
        (await other.Receive()).ShouldBe("2[\"all\",1]");
        told.IsCompleted.ShouldBeFalse();
        mayJoin.Set();
        (await told).ShouldStartWith("0{\"sid\"");
        server.Io.To("room").Emit("room", 1);
        (await client.Receive()).ShouldBe("2[\"welcome\",1]");
        (await client.Receive()).ShouldBe("2[\"all\",1]");
        (await client.Receive()).ShouldBe("2[\"room\",1]");
    }

    [Fact]
    public async Task A_client_is_told_that_it_is_connected_when_a_connection_handler_waits()
    {
        var server = await Start();
        var waiting = new TaskCompletionSource();
        server.Io.OnConnection(async _ => await waiting.Task);
        server.Io.OnConnection(socket => socket.Emit("second"));
        var client = await Connect(server);
        server.Io.Emit("all", 1);
        (await client.Receive()).ShouldBe("2[\"all\",1]");
        waiting.SetResult();
        (await client.Receive()).ShouldBe("2[\"second\"]");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_the_connection_handler_disconnects_hears_that_it_was_connected(bool closeConnection)
    {
        var server = await Start();
        server.Io.OnConnection(socket =>
        {
            socket.Emit("reason", "full");
            socket.Disconnect(closeConnection);
        });
        var client = await Connect(server);
        (await client.Receive()).ShouldBe("2[\"reason\",\"full\"]");
        (await client.Receive()).ShouldBe("1");
        if (closeConnection) (await client.ReceiveToEnd()).ShouldBeEmpty();
        else await client.Join();
    }

    [Fact]
    public async Task A_connection_handler_that_throws_is_logged_and_the_socket_stays()
    {
        var server = await Start();
        server.Io.OnConnection(_ => throw new InvalidOperationException("oops"));
        server.Io.OnConnection(socket => socket.On<int>("ping", (_, ack) => ack.Send("pong")));
        var client = await Connect(server);
        await client.Send("21[\"ping\",0]");
        (await client.Receive()).ShouldBe("31[\"pong\"]");
        server.Log.Errors.ShouldHaveSingleItem().ShouldContain("oops");
    }

    [Fact]
    public async Task A_client_that_joins_nothing_in_time_is_closed()
    {
        var time = new FakeTimeProvider();
        var server = await Start(options => options.ConnectTimeout = TimeSpan.FromSeconds(20), time);
        var idle = await Open(server);
        var joined = await Connect(server);
        var end = idle.ReceiveToEnd();
        time.Advance(TimeSpan.FromSeconds(19));
        server.Io.Engine.SessionCount.ShouldBe(2);
        time.Advance(TimeSpan.FromSeconds(2));
        (await Soon(end)).ShouldBeEmpty();
        server.Io.Emit("still", "here");
        (await joined.Receive()).ShouldBe("2[\"still\",\"here\"]");
        await Eventually.IsTrue(() => server.Io.Engine.SessionCount == 1, Cancellation);
    }

    [Fact]
    public async Task Dynamic_namespaces_are_made_when_asked_for_and_go_with_their_last_socket()
    {
        var server = await Start();
        var parent = server.Io.Of(RoomName());
        parent.Use(socket => socket.Handshake.Auth is null ? default : throw new ConnectRefusedException("no"));
        parent.OnConnection(socket => socket.Emit("welcome", socket.Namespace.Name));
        var client = await Connect(server, "/room-1");
        (await client.Receive()).ShouldBe("2/room-1,[\"welcome\",\"/room-1\"]");
        await client.Join("/room-2");
        (await client.Receive()).ShouldBe("2/room-2,[\"welcome\",\"/room-2\"]");
        await client.Send("0/room-3,{}");
        (await client.Receive()).ShouldBe("4/room-3,{\"message\":\"no\"}");
        await client.Send("0/room-x,");
        (await client.Receive()).ShouldBe("4/room-x,{\"message\":\"Invalid namespace\"}");
        await Eventually.IsTrue(() => parent.Children.Count == 2, Cancellation);
        parent.Emit("all", 1);
        (await client.Receive()).ShouldStartWith("2/room-");
        (await client.Receive()).ShouldStartWith("2/room-");
        await client.Send("1/room-1,");
        await Eventually.IsTrue(() => parent.Children.Count == 1, Cancellation);
        await client.DisposeAsync();
        await Eventually.IsTrue(() => parent.Children.Count == 0, Cancellation);
    }

    [Fact]
    public async Task A_predicate_sees_name_auth_and_handshake()
    {
        var server = await Start(options => options.CleanupEmptyChildNamespaces = false);
        server.Io.Of(async (name, auth, handshake) =>
        {
            await Task.Yield();
            return name == "/vip" && auth?.GetProperty("code").GetInt32() == 7 && handshake.Query["EIO"] == "4";
        });
        var client = await Connect(server, "/vip", "{\"code\":7}");
        await client.Send("1/vip,");
        await client.Send("0/other,{\"code\":7}");
        (await client.Receive()).ShouldBe("4/other,{\"message\":\"Invalid namespace\"}");
        await client.Send("0/else,");
        (await client.Receive()).ShouldBe("4/else,{\"message\":\"Invalid namespace\"}");
        await client.Join("/vip");
    }

    [Fact]
    public async Task A_connection_joins_so_many_namespaces_and_no_more()
    {
        var server = await Start(options => options.MaxNamespacesPerClient = 5);
        var parent = server.Io.Of((name, _, _) => ValueTask.FromResult(true));
        var client = await Open(server);
        var refused = 0;
        for (var i = 0; i < 1000; i++) await client.Send($"0/n{i},");
        for (var i = 0; i < 1000; i++)
        {
            var answer = await client.Receive();
            if (answer[0] == '4') answer.ShouldContain("A connection can join 5 namespaces");
            refused += answer[0] == '4' ? 1 : 0;
        }

        refused.ShouldBe(995);
        parent.Children.Count.ShouldBe(5);
    }

    [Fact]
    public void A_wrong_setting_is_named()
    {
        var options = new SocketIOOptions { ConnectTimeout = TimeSpan.Zero, MaxPendingEvents = 0 };
        options.Packets.MaxAttachments = 64;
        var message = Should.Throw<Microsoft.Extensions.Options.OptionsValidationException>(options.Validate).Message;
        message.ShouldContain("ConnectTimeout must be more than zero, and is 00:00:00");
        message.ShouldContain("MaxPendingEvents must be at least 1, and is 0");
        message.ShouldContain("Packets.MaxAttachments must be 0 to 63, and is 64");
        new SocketIOOptions().Validate();
    }
}
