using Adapters.Specification;
using Shouldly;
using SocketIO.Protocol;
using SocketIO.Server;
using Xunit;

namespace SocketIO.Tests.Server;

public sealed class EventTests : ServerTest
{
    [Fact]
    public async Task Handlers_get_typed_arguments_and_answer()
    {
        var server = await Start();
        server.Io.OnConnection(socket =>
        {
            socket.On<Greeting, string>("greet", greeting => ValueTask.FromResult($"Hello {greeting.Name}"));
            socket.On<int, int>("add", (a, b, ack) =>
            {
                ack.Send(a + b).ShouldBeTrue();
                ack.Send(a + b).ShouldBeFalse();
                return default;
            });
            socket.On<Upload>("upload", (upload, ack) => ack.Send(upload.Content.Length, upload.Content));
        });
        var client = await Connect(server);
        await client.Send("25[\"greet\",{\"name\":\"you\"}]");
        (await client.Receive()).ShouldBe("35[\"Hello you\"]");
        await client.Send("26[\"add\",2,3]");
        (await client.Receive()).ShouldBe("36[5]");
        await client.Send("51-7[\"upload\",{\"name\":\"f\",\"content\":{\"_placeholder\":true,\"num\":0}}]");
        await client.SendBinary([1, 2, 3]);
        (await client.Receive()).ShouldBe("61-7[3,{\"_placeholder\":true,\"num\":0}]");
        (await client.Receive()).ShouldBe("bin:010203");
    }

    [Theory]
    [InlineData("21[\"greet\",{}]", "invalid", "argument 1: the field \\\"name\\\" is missing")]
    [InlineData("21[\"greet\"]", "invalid", "argument 1 is missing")]
    [InlineData("21[\"boom\"]", "internal", "Internal error")]
    [InlineData("21[\"later\"]", "internal", "Internal error")]
    [InlineData("21[\"refuse\"]", "forbidden", "Not yours")]
    public async Task What_goes_wrong_is_an_error_answer_and_the_next_event_works(string packet, string code, string message)
    {
        var server = await Start();
        server.Io.OnConnection(socket =>
        {
            socket.On<Greeting>("greet", _ => { });
            socket.On("boom", () => throw new InvalidOperationException("secret"));
            socket.On("later", async () =>
            {
                await Task.Yield();
                throw new InvalidOperationException("secret");
            });
            socket.On("refuse", () => throw new SocketIOException("forbidden", "Not yours"));
            socket.On<int>("fine", (_, ack) => ack.Send());
        });
        var (client, socket) = await ConnectBoth(server);
        await client.Send(packet);
        (await client.Receive()).ShouldBe($"31[{{\"ok\":false,\"error\":{{\"code\":\"{code}\",\"message\":\"{message}\"}}}}]");
        await client.Send("22[\"fine\",0]");
        (await client.Receive()).ShouldBe("32[]");
        if (code != "internal")
        {
            server.Log.Errors.ShouldBeEmpty();
            return;
        }

        var logged = server.Log.Errors.ShouldHaveSingleItem();
        logged.ShouldContain("secret");
        logged.ShouldContain(socket.Id);
        logged.ShouldContain(packet.Contains("boom", StringComparison.Ordinal) ? "boom" : "later");
    }

    [Fact]
    public async Task The_error_hook_answers_in_place_of_the_library()
    {
        var server = await Start();
        server.Io.OnConnection(socket =>
        {
            socket.On<int>("n", _ => { });
            socket.OnError(error =>
            {
                error.Event.Ack.Send(error.Event.Name, ((InvalidPayloadException)error.Exception).Message);
                return default;
            });
        });
        var client = await Connect(server);
        await client.Send("21[\"n\",\"x\"]");
        (await client.Receive()).ShouldBe("31[\"n\",\"argument 1 must be a whole number in range\"]");
    }

    [Fact]
    public async Task Events_of_a_socket_are_handled_in_order_while_handlers_wait()
    {
        var server = await Start();
        List<int> order = [];
        var running = 0;
        server.Io.OnConnection(socket => socket.On<int>("n", async (value, ack) =>
        {
            Interlocked.Increment(ref running).ShouldBe(1);
            if (value % 3 == 0) await Task.Yield();
            order.Add(value);
            Interlocked.Decrement(ref running);
            ack.Send(value);
        }));
        var client = await Connect(server);
        for (var i = 0; i < 200; i++) await client.Send($"2{i}[\"n\",{i}]");
        for (var i = 0; i < 200; i++) (await client.Receive()).ShouldBe($"3{i}[{i}]");
        order.ShouldBe(Enumerable.Range(0, 200));
    }

    [Fact]
    public async Task A_concurrent_handler_holds_nobody_up()
    {
        var server = await Start();
        var mayEnd = new TaskCompletionSource();
        server.Io.OnConnection(socket =>
        {
            socket.On<int>(
                "slow",
                async (_, ack) =>
                {
                    await mayEnd.Task;
                    ack.Send("slow");
                },
                HandlerOrder.Concurrent);
            socket.On<int>("quick", (_, ack) => ack.Send("quick"));
        });
        var client = await Connect(server);
        await client.Send("21[\"slow\",0]");
        await client.Send("22[\"quick\",0]");
        (await client.Receive()).ShouldBe("32[\"quick\"]");
        mayEnd.SetResult();
        (await client.Receive()).ShouldBe("31[\"slow\"]");
    }

    [Fact]
    public async Task Namespaces_of_one_connection_do_not_wait_for_each_other()
    {
        var server = await Start();
        var mayEnd = new TaskCompletionSource();
        server.Io.OnConnection(socket => socket.On<int>("n", async (_, ack) =>
        {
            await mayEnd.Task;
            ack.Send("slow");
        }));
        server.Io.Of("/other").OnConnection(socket => socket.On<int>("n", (_, ack) => ack.Send("quick")));
        var client = await Connect(server);
        await client.Join("/other");
        await client.Send("21[\"n\",0]");
        await client.Send("2/other,2[\"n\",0]");
        (await client.Receive()).ShouldBe("3/other,2[\"quick\"]");
        mayEnd.SetResult();
        (await client.Receive()).ShouldBe("31[\"slow\"]");
    }

    [Fact]
    public async Task A_client_is_not_read_from_while_too_many_of_its_events_wait()
    {
        var server = await Start(options => options.MaxPendingEvents = 3);
        var mayEnd = new TaskCompletionSource();
        var any = 0;
        var handled = 0;
        server.Io.OnConnection(socket =>
        {
            socket.OnAny(_ => Interlocked.Increment(ref any));
            socket.On<int>("n", async (value, ack) =>
            {
                await mayEnd.Task;
                handled++;
                ack.Send(value);
            });
        });
        server.Io.Of("/other").OnConnection(socket => socket.On<int>("n", (_, ack) => ack.Send("other")));
        var client = await Connect(server);
        await client.Join("/other");
        await client.Send("20[\"n\",0]");
        await client.Send("2/other,9[\"n\",0]");
        (await client.Receive()).ShouldBe("3/other,9[\"other\"]");
        for (var i = 1; i < 50; i++) await client.Send($"2{i}[\"n\",{i}]");
        await client.Send("2/other,10[\"n\",0]");

        // The reader has stopped behind three that wait, however long the others are served meanwhile.
        var socket = server.Io.Default.Sockets.ShouldHaveSingleItem();
        await Eventually.IsTrue(() => socket.Client.PendingEvents == 3, Cancellation);
        var bystander = await Connect(server, "/other");
        for (var i = 0; i < 200; i++)
        {
            await bystander.Send("2/other,1[\"n\",0]");
            (await bystander.Receive()).ShouldBe("3/other,1[\"other\"]");
        }

        socket.Client.PendingEvents.ShouldBe(3);
        mayEnd.SetResult();
        for (var i = 0; i < 50; i++) (await client.Receive()).ShouldBe($"3{i}[{i}]");
        (await client.Receive()).ShouldBe("3/other,10[\"other\"]");
        handled.ShouldBe(50);
        any.ShouldBe(50);
    }

    [Fact]
    public async Task Middleware_sees_every_event_and_may_drop_or_refuse_it()
    {
        var server = await Start();
        server.Io.OnConnection(socket =>
        {
            socket.Use(async (incoming, next) =>
            {
                if (incoming.Name == "drop") return;
                await next();
            });
            socket.Use((incoming, next) => incoming.Name == "refuse" ? throw new SocketIOException("rate_limited", "Slower") : next());
            socket.OnUnhandled(incoming =>
            {
                incoming.Ack.Send($"unhandled {incoming.Name}");
                return default;
            });
        });
        var client = await Connect(server);
        await client.Send("21[\"drop\"]");
        await client.Send("22[\"refuse\"]");
        (await client.Receive()).ShouldBe("32[{\"ok\":false,\"error\":{\"code\":\"rate_limited\",\"message\":\"Slower\"}}]");
        await client.Send("23[\"other\"]");
        (await client.Receive()).ShouldBe("33[\"unhandled other\"]");
    }

    [Fact]
    public async Task Listeners_come_and_go()
    {
        var server = await Start();
        List<string> calls = [];
        server.Io.OnConnection(socket =>
        {
            socket.On<int>("n", value => calls.Add($"a{value}"));
            socket.On<int>("n", value => calls.Add($"b{value}"));
            socket.Once<int>("n", (value, _) =>
            {
                calls.Add($"once{value}");
                return default;
            });
            socket.On<int>("off", (_, ack) =>
            {
                socket.Off("n");
                ack.Send();
            });
        });
        var client = await Connect(server);
        await client.Send("2[\"n\",1]");
        await client.Send("2[\"n\",2]");
        await client.Send("21[\"off\",0]");
        (await client.Receive()).ShouldBe("31[]");
        await client.Send("2[\"n\",3]");
        await client.Send("22[\"off\",0]");
        (await client.Receive()).ShouldBe("32[]");
        calls.ShouldBe(["a1", "b1", "once1", "a2", "b2"]);
    }

    [Fact]
    public async Task Outgoing_events_are_told()
    {
        var server = await Start();
        var (client, socket) = await ConnectBoth(server);
        List<string> told = [];
        Action<string, EventArguments> listener = (name, arguments) => told.Add($"{name} {arguments.GetJson(0)}");
        socket.OnAnyOutgoing(listener);
        socket.Emit("own", 1);
        server.Io.Emit("broadcast", 2);
        (await client.Receive()).ShouldBe("2[\"own\",1]");
        (await client.Receive()).ShouldBe("2[\"broadcast\",2]");
        socket.OffAnyOutgoing(listener);
        socket.Emit("untold", 3);
        told.ShouldBe(["own 1", "broadcast 2"]);
    }

    [Theory]
    [InlineData("connect")]
    [InlineData("connect_error")]
    [InlineData("disconnect")]
    [InlineData("disconnecting")]
    [InlineData("newListener")]
    [InlineData("removeListener")]
    public async Task Reserved_names_are_refused(string name)
    {
        var server = await Start();
        var (_, socket) = await ConnectBoth(server);
        Should.Throw<ArgumentException>(() => socket.Emit(name)).Message.ShouldContain("reserved");
        Should.Throw<ArgumentException>(() => server.Io.Emit(name, 1)).Message.ShouldContain("reserved");
        Should.Throw<ArgumentException>(() => socket.On(name, () => { })).Message.ShouldContain("reserved");
    }

    [Fact]
    public async Task A_volatile_event_is_dropped_while_nothing_can_be_written()
    {
        var server = await Start();
        using var http = new HttpClient { BaseAddress = server.Address };
        var open = await http.GetStringAsync(new Uri("/socket.io/?EIO=4&transport=polling", UriKind.Relative), Cancellation);
        var session = System.Text.Json.JsonElement.Parse(open[1..]).GetProperty("sid").GetString();
        var url = new Uri($"/socket.io/?EIO=4&transport=polling&sid={session}", UriKind.Relative);
        var connected = new TaskCompletionSource<Socket>();
        server.Io.OnConnection(connected.SetResult);
        using var connect = new StringContent("40");
        (await http.PostAsync(url, connect, Cancellation)).EnsureSuccessStatusCode();
        var socket = await Soon(connected.Task);
        socket.Volatile.Emit("lost", 1).ShouldBeFalse();
        server.Io.Default.All.Volatile.Emit("lost", 2);
        socket.Emit("kept", 3).ShouldBeTrue();
        var polled = await http.GetStringAsync(url, Cancellation);
        polled.ShouldEndWith("\u001e42[\"kept\",3]");
        polled.ShouldNotContain("lost");

        // The server's close would wait for a poll that never comes.
        using var leave = new StringContent("1");
        (await http.PostAsync(url, leave, Cancellation)).EnsureSuccessStatusCode();
    }
}
