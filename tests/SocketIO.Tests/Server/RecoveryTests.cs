using System.Threading.Channels;
using Adapters.Specification;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using SocketIO.Adapters;
using SocketIO.Server;
using Xunit;

namespace SocketIO.Tests.Server;

public sealed class RecoveryTests : ServerTest
{
    private static void TurnOn(SocketIOOptions options) => options.ConnectionStateRecovery = new ConnectionStateRecoveryOptions();

    private static string OffsetOf(string packet) => System.Text.Json.JsonElement.Parse(packet[1..]).EnumerateArray().Last().GetString()!;

    // A client in "room" that has got one packet and lost its connection; its private id and its offset.
    private async Task<(string Sid, string Pid, string Offset)> Lose(SpecificationServer server)
    {
        var (client, socket) = await ConnectBoth(server);
        socket.Join("room");
        socket.Data = "kept";
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        socket.OnDisconnect(_ => gone.SetResult());
        server.Io.To("room").Emit("first", 1);
        var offset = OffsetOf(await client.Receive());
        var pid = client.ConnectAnswer.GetProperty("pid").GetString()!;
        client.Abort();
        await Soon(gone.Task);
        return (client.Sid, pid, offset);
    }

    [Fact]
    public async Task A_lost_socket_comes_back_with_its_id_its_rooms_its_data_and_what_it_missed()
    {
        var server = await Start(TurnOn);
        var connected = Channel.CreateUnbounded<Socket>();
        server.Io.OnConnection(socket => connected.Writer.TryWrite(socket).ShouldBeTrue());
        var (sid, pid, offset) = await Lose(server);
        (await Soon(connected.Reader.ReadAsync(Cancellation).AsTask())).Recovered.ShouldBeFalse();
        server.Io.To("room").Emit("missed", 1);
        server.Io.To("other").Emit("not for it", 2);
        server.Io.To("room").Except("room").Emit("not for it either", 3);
        server.Io.Emit("missed", 4);
        server.Io.To(sid).Emit("missed", 5);
        server.Io.Default.All.Volatile.Emit("volatile", 6);
        var client = await Open(server);
        await client.Join(auth: $"{{\"pid\":\"{pid}\",\"offset\":\"{offset}\"}}");
        client.Sid.ShouldBe(sid);
        client.ConnectAnswer.GetProperty("pid").GetString().ShouldBe(pid);
        foreach (var number in (int[])[1, 4, 5]) (await client.Receive()).ShouldStartWith($"2[\"missed\",{number},\"");
        var socket = await Soon(connected.Reader.ReadAsync(Cancellation).AsTask());
        socket.Recovered.ShouldBeTrue();
        socket.Data.ShouldBe("kept");
        socket.Rooms.ShouldBe([sid, "room"], ignoreOrder: true);
        server.Io.To("room").Emit("live", 7);
        (await client.Receive()).ShouldStartWith("2[\"live\",7,\"");
    }

    [Theory]
    [InlineData("wrong pid")]
    [InlineData("wrong offset")]
    [InlineData("offset of another log")]
    [InlineData("no offset")]
    public async Task What_cannot_be_recovered_starts_anew(string what)
    {
        var server = await Start(TurnOn);
        var (sid, pid, offset) = await Lose(server);
        var auth = what switch
        {
            "wrong pid" => $"{{\"pid\":\"x\",\"offset\":\"{offset}\"}}",
            "wrong offset" => $"{{\"pid\":\"{pid}\",\"offset\":\"{offset}9\"}}",
            "offset of another log" => $"{{\"pid\":\"{pid}\",\"offset\":\"00000000-1\"}}",
            _ => $"{{\"pid\":\"{pid}\"}}",
        };
        var client = await Connect(server, auth: auth);
        client.Sid.ShouldNotBe(sid);
        server.Io.Default.TryGetSocket(client.Sid, out var socket).ShouldBeTrue();
        socket.Recovered.ShouldBeFalse();
        socket.Rooms.ShouldBe([client.Sid]);
    }

    [Fact]
    public async Task A_session_is_taken_up_once()
    {
        var server = await Start(TurnOn);
        var (sid, pid, offset) = await Lose(server);
        var auth = $"{{\"pid\":\"{pid}\",\"offset\":\"{offset}\"}}";
        (await Connect(server, auth: auth)).Sid.ShouldBe(sid);
        (await Connect(server, auth: auth)).Sid.ShouldNotBe(sid);
    }

    [Fact]
    public async Task A_session_that_can_be_taken_up_has_left_its_rooms()
    {
        var server = await Start(TurnOn);
        var adapter = (SessionAwareAdapter)server.Io.Default.Adapter;
        var (client, socket) = await ConnectBoth(server);
        var early = 0;
        adapter.RoomLeft += (_, _) => early = Math.Max(early, adapter.SessionCount);
        socket.Join("room");
        client.Abort();
        await Eventually.IsTrue(() => adapter.SessionCount == 1, Cancellation);
        early.ShouldBe(0, "who came back now would find the old socket in its place");
        adapter.SocketRooms(socket.Id).ShouldBeNull();
    }

    [Fact]
    public async Task Recovery_is_refused_when_something_missed_is_gone()
    {
        var server = await Start(options => options.ConnectionStateRecovery = new ConnectionStateRecoveryOptions { MaxPackets = 3 });
        var (sid, pid, offset) = await Lose(server);
        for (var i = 0; i < 4; i++) server.Io.Emit("missed", i);
        (await Connect(server, auth: $"{{\"pid\":\"{pid}\",\"offset\":\"{offset}\"}}")).Sid.ShouldNotBe(sid);
    }

    [Fact]
    public async Task Recovery_is_refused_after_its_time_and_nothing_is_kept()
    {
        var time = new FakeTimeProvider();
        var server = await Start(TurnOn, time);
        var (sid, pid, offset) = await Lose(server);
        var adapter = (SessionAwareAdapter)server.Io.Default.Adapter;
        adapter.SessionCount.ShouldBe(1);
        await Eventually.IsTrue(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(61));
                return adapter.SessionCount == 0;
            },
            Cancellation);
        (await Connect(server, auth: $"{{\"pid\":\"{pid}\",\"offset\":\"{offset}\"}}")).Sid.ShouldNotBe(sid);
    }

    [Fact]
    public async Task Middleware_decides_again_unless_it_is_to_be_skipped()
    {
        var server = await Start(TurnOn);
        var (_, pid, offset) = await Lose(server);
        server.Io.Use(_ => throw new ConnectRefusedException("no more"));
        var client = await Open(server);
        await client.Send($"0{{\"pid\":\"{pid}\",\"offset\":\"{offset}\"}}");
        (await client.Receive()).ShouldBe("4{\"message\":\"no more\"}");

        var skipping = await Start(options => options.ConnectionStateRecovery = new ConnectionStateRecoveryOptions { SkipMiddlewares = true });
        var (sid, pid2, offset2) = await Lose(skipping);
        skipping.Io.Use(_ => throw new ConnectRefusedException("no more"));
        (await Connect(skipping, auth: $"{{\"pid\":\"{pid2}\",\"offset\":\"{offset2}\"}}")).Sid.ShouldBe(sid);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [InlineData(null)]
    public async Task A_session_whose_rights_are_lost_is_not_taken_up_and_nothing_of_it_is_sent(bool? answer)
    {
        PersistedSession? asked = null;
        var server = await Start(options => options.ConnectionStateRecovery = new ConnectionStateRecoveryOptions
        {
            Authorize = async (socket, session) =>
            {
                await Task.Yield();
                socket.Recovered.ShouldBeTrue();
                asked = session;
                return answer ?? throw new InvalidOperationException("The rights cannot be read.");
            },
        });
        var (sid, pid, offset) = await Lose(server);
        server.Io.To("room").Emit("missed", 1);
        var auth = $"{{\"pid\":\"{pid}\",\"offset\":\"{offset}\"}}";
        var client = await Connect(server, auth: auth);

        asked.ShouldNotBeNull().Rooms.ShouldBe([sid, "room"], ignoreOrder: true);
        asked.Data.ShouldBe("kept");
        if (answer is true)
        {
            client.Sid.ShouldBe(sid);
            (await client.Receive()).ShouldStartWith("2[\"missed\",1,\"");
            return;
        }

        client.Sid.ShouldNotBe(sid);
        server.Io.Default.TryGetSocket(client.Sid, out var socket).ShouldBeTrue();
        socket.Recovered.ShouldBeFalse();
        socket.Data.ShouldBeNull();
        socket.Rooms.ShouldBe([client.Sid]);
        server.Io.Emit("live", 2);
        (await client.Receive()).ShouldStartWith("2[\"live\",2,\"");
        ((SessionAwareAdapter)server.Io.Default.Adapter).SessionCount.ShouldBe(0);
    }

    [Fact]
    public async Task Who_leaves_on_purpose_is_not_recovered()
    {
        var server = await Start(TurnOn);
        var (client, socket) = await ConnectBoth(server);
        server.Io.Emit("first", 1);
        var offset = OffsetOf(await client.Receive());
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        socket.OnDisconnect(_ => gone.SetResult());
        await client.Send("1");
        await Soon(gone.Task);
        ((SessionAwareAdapter)server.Io.Default.Adapter).SessionCount.ShouldBe(0);
        (await Connect(server, auth: $"{{\"pid\":\"{client.ConnectAnswer.GetProperty("pid").GetString()}\",\"offset\":\"{offset}\"}}")).Sid.ShouldNotBe(socket.Id);
    }

    [Fact]
    public async Task Nothing_is_lost_or_doubled_while_others_send_and_a_client_comes_and_goes()
    {
        var server = await Start(TurnOn);
        var (client, socket) = await ConnectBoth(server);
        socket.Join("room");
        var senders = Enumerable.Range(0, 2).Select(sender => Task.Run(
            async () =>
            {
                for (var i = 0; i < 500; i++)
                {
                    server.Io.To("room").Emit("n", sender, i);
                    if (i % 5 == 0) await Task.Delay(1, Cancellation);
                }
            },
            Cancellation)).ToArray();
        var got = new List<(int Sender, int Number)>();
        var offset = "";
        var pid = client.ConnectAnswer.GetProperty("pid").GetString();
        while (got.Count < 1000)
        {
            // After every hundred packets the connection is cut, with packets on their way to nobody.
            for (var i = 0; i < 100 && got.Count < 1000; i++)
            {
                var packet = await client.Receive();
                var arguments = System.Text.Json.JsonElement.Parse(packet[1..]);
                got.Add((arguments[1].GetInt32(), arguments[2].GetInt32()));
                offset = OffsetOf(packet);
            }

            client.Abort();
            await Eventually.IsTrue(() => server.Io.Default.SocketCount == 0, Cancellation);
            client = await Open(server);
            await client.Join(auth: $"{{\"pid\":\"{pid}\",\"offset\":\"{offset}\"}}");
            client.Sid.ShouldBe(socket.Id);
        }

        await Soon(Task.WhenAll(senders));
        for (var sender = 0; sender < 2; sender++)
            got.Where(packet => packet.Sender == sender).Select(packet => packet.Number).ShouldBe(Enumerable.Range(0, 500));
    }

    [Theory]
    [InlineData("answered", true)]
    [InlineData("got something after it", true)]
    [InlineData("nobody can tell", false)]
    public async Task What_wanted_an_answer_comes_once_or_the_session_is_refused(string what, bool recovered)
    {
        var server = await Start(TurnOn);
        var (client, socket) = await ConnectBoth(server);
        socket.Join("room");
        var gone = new TaskCompletionSource();
        socket.OnDisconnect(_ => gone.SetResult());
        server.Io.To("room").Emit("first", 1);
        var offset = OffsetOf(await client.Receive());
        var answered = new TaskCompletionSource();
        server.Io.To("room").EmitWithAnswers("asked", 2, (_, _) => answered.TrySetResult());
        var asked = await client.Receive();
        asked.ShouldBe("20[\"asked\",2]", "an offset after the answer's callback would not be seen by official clients");
        switch (what)
        {
            case "answered":
                await client.Send("30[]");
                await Soon(answered.Task);
                break;
            case "got something after it":
                server.Io.To("room").Emit("second", 3);
                offset = OffsetOf(await client.Receive());
                break;
        }

        client.Abort();
        await Soon(gone.Task);
        server.Io.To("room").EmitWithAnswers("missed", 4, (_, _) => true);
        server.Io.To("room").Emit("missed", 5);
        var next = await Open(server);
        await next.Join(auth: $"{{\"pid\":\"{client.ConnectAnswer.GetProperty("pid").GetString()}\",\"offset\":\"{offset}\"}}");

        if (recovered)
        {
            next.Sid.ShouldBe(socket.Id);
            foreach (var number in (int[])[4, 5]) (await next.Receive()).ShouldStartWith($"2[\"missed\",{number},\"");
            server.Io.To("room").EmitWithAnswers("live", 6, (_, _) => true);
            (await next.Receive()).ShouldEndWith("[\"live\",6]");
        }
        else
        {
            next.Sid.ShouldNotBe(socket.Id);
        }
    }
}
