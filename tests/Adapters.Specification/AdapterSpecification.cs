using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using SocketIO.Adapters;
using SocketIO.Server;
using Xunit;

namespace Adapters.Specification;

/// <summary>
/// What any adapter must do, seen from clients of a cluster of servers. Derive from it, say how an adapter of the cluster is
/// made, and every test runs on it. A cluster of one is a cluster.
/// </summary>
public abstract class AdapterSpecification : IAsyncLifetime
{
    // It stands still but for the test of a time-out: none ends on a machine that is busy.
    private readonly FakeTimeProvider _time = new();
    private readonly List<SpecificationServer> _servers = [];
    private readonly List<RawClient> _clients = [];

    /// <summary>How many servers the cluster has.</summary>
    protected abstract int ServerCount { get; }

    /// <summary>Makes the adapter of one namespace of one server.</summary>
    protected abstract IAdapter CreateAdapter(int server, Namespace ns);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        for (var i = 0; i < ServerCount; i++)
        {
            var number = i;
            var server = await SpecificationServer.Start(options => options.Adapter = ns => CreateAdapter(number, ns), _time);
            _servers.Add(server);
            server.Io.OnConnection(socket =>
            {
                socket.On<string>("join", socket.Join);
                socket.On("where", () => { });
            });
        }

        await Eventually.IsTrue(async () => await _servers[0].Io.Default.Adapter.ServerCount(Cancellation) == ServerCount, Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) await client.DisposeAsync();
        foreach (var server in _servers) await server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    // Clients go to the servers in turn.
    private async Task<RawClient[]> Connect(int count)
    {
        var clients = new RawClient[count];
        for (var i = 0; i < count; i++)
        {
            clients[i] = await _servers[i % ServerCount].Connect(Cancellation);
            _clients.Add(clients[i]);
        }

        return clients;
    }

    private Socket SocketOf(RawClient client)
    {
        foreach (var server in _servers)
        {
            if (server.Io.Default.TryGetSocket(client.Sid, out var socket)) return socket;
        }

        throw new InvalidOperationException("The socket is on no server.");
    }

    private Namespace First => _servers[0].Io.Default;

    private Namespace Last => _servers[^1].Io.Default;

    private static async Task ShouldReceive(RawClient client, params string[] packets)
    {
        foreach (var packet in packets) (await client.Receive()).ShouldBe(packet);
    }

    // What comes next is the marker: whatever was sent before it, if anything, would have come first.
    private async Task ShouldReceiveNothing(params RawClient[] clients)
    {
        foreach (var client in clients)
        {
            SocketOf(client).Emit("marker");
            (await client.Receive()).ShouldBe("2[\"marker\"]");
        }
    }

    [Fact]
    public async Task A_broadcast_reaches_every_socket_once_and_in_order()
    {
        var clients = await Connect(4);
        for (var i = 0; i < 50; i++) First.Emit("n", i);
        foreach (var client in clients)
        {
            for (var i = 0; i < 50; i++) await ShouldReceive(client, $"2[\"n\",{i}]");
        }
    }

    [Fact]
    public async Task A_room_gets_what_is_for_it_and_nobody_else_does()
    {
        var clients = await Connect(4);
        SocketOf(clients[0]).Join("a");
        SocketOf(clients[1]).Join("a");
        SocketOf(clients[2]).Join("b");
        First.To("a").Emit("x", 1);
        await ShouldReceive(clients[0], "2[\"x\",1]");
        await ShouldReceive(clients[1], "2[\"x\",1]");
        await ShouldReceiveNothing(clients);
    }

    [Fact]
    public async Task A_socket_in_two_targeted_rooms_gets_it_once()
    {
        var clients = await Connect(2);
        foreach (var client in clients) SocketOf(client).Join(["a", "b"]);
        First.To("a", "b").Emit("x", 1);
        First.To("a").To("b").Emit("x", 2);
        foreach (var client in clients) await ShouldReceive(client, "2[\"x\",1]", "2[\"x\",2]");
        await ShouldReceiveNothing(clients);
    }

    [Fact]
    public async Task Excepted_rooms_are_left_out()
    {
        var clients = await Connect(4);
        foreach (var client in clients) SocketOf(client).Join("a");
        SocketOf(clients[1]).Join("b");
        SocketOf(clients[2]).Join("b");
        SocketOf(clients[3]).Join("c");
        First.To("a").Except("b").Emit("x", 1);
        First.Except("b", "c").Emit("x", 2);
        await ShouldReceive(clients[0], "2[\"x\",1]", "2[\"x\",2]");
        await ShouldReceive(clients[3], "2[\"x\",1]");
        await ShouldReceiveNothing(clients);
    }

    [Fact]
    public async Task A_socket_does_not_get_its_own_broadcast()
    {
        var clients = await Connect(3);
        foreach (var client in clients) SocketOf(client).Join("a");
        var sender = SocketOf(clients[0]);
        sender.To("a").Emit("x", 1);
        sender.Broadcast.Emit("x", 2);
        sender.Except(clients[1].Sid).Emit("x", 3);
        await ShouldReceive(clients[1], "2[\"x\",1]", "2[\"x\",2]");
        await ShouldReceive(clients[2], "2[\"x\",1]", "2[\"x\",2]", "2[\"x\",3]");
        await ShouldReceiveNothing(clients);
    }

    [Fact]
    public async Task Local_stays_on_this_server()
    {
        var clients = await Connect(ServerCount * 2);
        First.All.Local.Emit("x", 1);
        for (var i = 0; i < clients.Length; i += ServerCount) await ShouldReceive(clients[i], "2[\"x\",1]");
        await ShouldReceiveNothing(clients);
    }

    [Fact]
    public async Task Binary_parts_arrive_whole()
    {
        var clients = await Connect(2);
        First.Emit("x", new byte[] { 1, 2, 255 }, "text");
        foreach (var client in clients)
            await ShouldReceive(client, "51-[\"x\",{\"_placeholder\":true,\"num\":0},\"text\"]", "bin:0102FF");
    }

    [Fact]
    public async Task Who_has_left_gets_nothing()
    {
        var clients = await Connect(2);
        foreach (var client in clients) SocketOf(client).Join("a");
        SocketOf(clients[1]).Leave("a");
        First.To("a").Emit("x", 1);
        await ShouldReceive(clients[0], "2[\"x\",1]");
        await ShouldReceiveNothing(clients);
        SocketOf(clients[1]).IsIn("a").ShouldBeFalse();
        SocketOf(clients[0]).Rooms.ShouldBe([clients[0].Sid, "a"], ignoreOrder: true);
    }

    [Fact]
    public async Task Sockets_are_made_to_join_and_leave_wherever_they_are()
    {
        var clients = await Connect(4);
        First.In(clients[0].Sid, clients[1].Sid).SocketsJoin("a", "b");
        await Eventually.IsTrue(async () => (await Last.In("a").FetchSockets(Cancellation)).Count == 2, Cancellation);
        SocketOf(clients[1]).Rooms.ShouldBe([clients[1].Sid, "a", "b"], ignoreOrder: true);
        First.In("a").SocketsLeave("b");
        await Eventually.IsTrue(async () => (await Last.In("b").FetchSockets(Cancellation)).Count == 0, Cancellation);
        SocketOf(clients[1]).Rooms.ShouldBe([clients[1].Sid, "a"], ignoreOrder: true);
        SocketOf(clients[2]).Rooms.ShouldBe([clients[2].Sid]);
    }

    [Fact]
    public async Task Sockets_are_disconnected_wherever_they_are()
    {
        var clients = await Connect(4);
        foreach (var client in clients[..2]) SocketOf(client).Join("a");
        First.In("a").DisconnectSockets();
        foreach (var client in clients[..2]) await ShouldReceive(client, "1");
        await ShouldReceiveNothing(clients[2..]);
        First.In(clients[2].Sid, clients[3].Sid).DisconnectSockets(closeConnection: true);
        foreach (var client in clients[2..]) await ShouldReceive(client, "1", "<closed>");
    }

    [Fact]
    public async Task Sockets_are_fetched_with_their_rooms()
    {
        var clients = await Connect(4);
        SocketOf(clients[0]).Join("a");
        SocketOf(clients[1]).Join("a");
        var all = await First.All.FetchSockets(Cancellation);
        all.Select(socket => socket.Id).ShouldBe(clients.Select(client => client.Sid), ignoreOrder: true);
        var some = await First.In("a").Except(clients[0].Sid).FetchSockets(Cancellation);
        some.ShouldHaveSingleItem().Id.ShouldBe(clients[1].Sid);
        some[0].Rooms.ShouldBe([clients[1].Sid, "a"], ignoreOrder: true);
        some[0].Emit("hello", "you");
        await ShouldReceive(clients[1], "2[\"hello\",\"you\"]");
    }

    [Fact]
    public async Task Every_answer_to_a_broadcast_is_gathered()
    {
        var clients = await Connect(3);
        var answers = First.All.Timeout(TimeSpan.FromSeconds(30)).EmitWithAck<string, int>("q", "?", Cancellation);
        for (var i = 0; i < clients.Length; i++)
        {
            var question = await clients[i].Receive();
            question.ShouldEndWith("[\"q\",\"?\"]");
            await clients[i].Send($"3{question[1..question.IndexOf('[', StringComparison.Ordinal)]}[{i}]");
        }

        var result = await answers;
        result.Answers.ShouldBe([0, 1, 2], ignoreOrder: true);
        result.Expected.ShouldBe(3);
        result.TimedOut.ShouldBeFalse();
    }

    [Fact]
    public async Task At_the_time_out_a_broadcast_has_the_answers_that_came()
    {
        var clients = await Connect(2);
        var answers = First.All.Timeout(TimeSpan.FromSeconds(2)).EmitWithAck<string, int>("q", "?", Cancellation);
        var question = await clients[0].Receive();
        await clients[0].Send($"3{question[1..question.IndexOf('[', StringComparison.Ordinal)]}[7]");

        // What comes back shows that the answer before it has been read.
        await clients[0].Send("0/unknown,");
        await clients[0].Receive();
        await Eventually.IsTrue(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return answers.IsCompleted;
            },
            Cancellation);
        var result = await answers;
        result.Answers.ShouldBe([7]);
        result.Expected.ShouldBe(2);
        result.TimedOut.ShouldBeTrue();
    }

    [Fact]
    public async Task A_broadcast_to_nobody_has_no_answers_and_does_not_wait()
    {
        var result = await First.To("nobody").Timeout(TimeSpan.FromHours(1)).EmitWithAck<string, int>("q", "?", Cancellation);
        result.Expected.ShouldBe(0);
        result.TimedOut.ShouldBeFalse();
    }

    [Fact]
    public async Task Nothing_is_left_of_a_socket_that_has_gone()
    {
        var clients = await Connect(2);
        var socket = SocketOf(clients[0]);
        var adapter = socket.Namespace.Adapter;
        socket.Join(["a", "b"]);
        clients[0].Abort();
        await Eventually.IsTrue(() => adapter.SocketRooms(socket.Id) is null, Cancellation);
        adapter.Sockets("a").ShouldBeEmpty();
        adapter.Sockets().Contains(socket.Id).ShouldBeFalse();
        socket.Join("late");
        adapter.Sockets("late").ShouldBeEmpty();
        socket.Rooms.ShouldBeEmpty();
    }

    [Fact]
    public async Task Rooms_tell_when_they_come_and_go()
    {
        var clients = await Connect(1);
        var socket = SocketOf(clients[0]);
        var adapter = socket.Namespace.Adapter;
        List<string> told = [];
        adapter.RoomCreated += (_, change) => told.Add($"created {change.Room}");
        adapter.RoomJoined += (_, change) => told.Add($"joined {change.Room} {change.SocketId}");
        adapter.RoomLeft += (_, change) => told.Add($"left {change.Room} {change.SocketId}");
        adapter.RoomDeleted += (_, change) => told.Add($"deleted {change.Room}");
        socket.Join("a");
        socket.Join("a");
        socket.Leave("a");
        socket.Leave("a");
        string.Join('|', told).ShouldBe($"created a|joined a {socket.Id}|left a {socket.Id}|deleted a");
    }

    [Fact]
    public async Task A_room_listener_that_throws_keeps_nobody_in_or_out()
    {
        var clients = await Connect(1);
        var socket = SocketOf(clients[0]);
        var adapter = socket.Namespace.Adapter;
        List<string> told = [];
        adapter.RoomCreated += (_, change) => throw new InvalidOperationException($"created {change.Room}");
        adapter.RoomJoined += (_, change) => throw new InvalidOperationException($"joined {change.Room}");
        adapter.RoomLeft += (_, change) => throw new InvalidOperationException($"left {change.Room}");
        adapter.RoomLeft += (_, change) => told.Add(change.Room);
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        socket.OnDisconnect(_ => gone.SetResult());
        socket.Join(["a", "b"]);
        socket.Rooms.ShouldBe([socket.Id, "a", "b"], ignoreOrder: true);
        socket.Disconnect();
        gone.Task.IsCompleted.ShouldBeTrue();
        told.ShouldBe([socket.Id, "a", "b"], ignoreOrder: true);
        adapter.SocketRooms(socket.Id).ShouldBeNull();
        socket.Namespace.TryGetSocket(socket.Id, out _).ShouldBeFalse();
    }

    [Fact]
    public async Task An_event_between_servers_reaches_the_others_and_not_the_sender()
    {
        var got = new ConcurrentQueue<int>();
        for (var i = 0; i < ServerCount; i++)
        {
            var number = i;
            _servers[i].Io.Default.OnServerSide<string, int>("hello", text =>
            {
                text.ShouldBe("there");
                got.Enqueue(number);
                return ValueTask.FromResult(number);
            });
        }

        First.ServerSideEmit("hello", "there");
        await Eventually.IsTrue(() => got.Count == ServerCount - 1, Cancellation);
        var answers = await First.ServerSideEmitWithAck<string, int>("hello", "there", TimeSpan.FromSeconds(30), Cancellation);
        answers.ShouldBe(Enumerable.Range(1, ServerCount - 1), ignoreOrder: true);
        got.ShouldNotContain(0);
    }

    [Fact]
    public async Task Joining_and_leaving_while_others_send_disturbs_nobody()
    {
        var clients = await Connect(4);
        foreach (var client in clients[..2]) SocketOf(client).Join("a");
        var restless = clients[2..].Select(SocketOf).ToArray();
        using var stop = new CancellationTokenSource();
        var churn = restless.Select(socket => Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    socket.Join("a");
                    socket.Leave("a");
                }
            },
            Cancellation)).ToArray();
        for (var i = 0; i < 200; i++) First.To("a").Emit("n", i);
        foreach (var client in clients[..2])
        {
            for (var i = 0; i < 200; i++) await ShouldReceive(client, $"2[\"n\",{i}]");
        }

        await stop.CancelAsync();
        await Task.WhenAll(churn);
        First.Adapter.Sockets("a").Count.ShouldBeLessThanOrEqualTo(2);
    }
}
