using Adapters.Specification;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using SocketIO.Protocol;
using SocketIO.Server;
using Xunit;

namespace SocketIO.Tests.Server;

public sealed class AckTests : ServerTest
{
    private static string IdOf(string packet) => packet[1..packet.IndexOf('[', StringComparison.Ordinal)];

    [Fact]
    public async Task A_client_answers()
    {
        var server = await Start();
        var (client, socket) = await ConnectBoth(server);
        var answer = socket.EmitWithAck<string, Greeting>("who", "?", cancellationToken: Cancellation);
        var question = await client.Receive();
        question.ShouldEndWith("[\"who\",\"?\"]");
        await client.Send($"3{IdOf(question)}[{{\"name\":\"me\"}}]");
        (await Soon(answer)).ShouldBe(new Greeting("me"));
    }

    [Fact]
    public async Task An_answer_may_be_awaited_inside_a_handler()
    {
        var server = await Start();
        server.Io.OnConnection(socket => socket.On<int, int>("start", async value => value + await socket.EmitWithAck<string, int>("more", "?")));
        var client = await Connect(server);
        await client.Send("21[\"start\",40]");
        var question = await client.Receive();
        await client.Send("22[\"start\",1]");
        await client.Send($"3{IdOf(question)}[2]");
        (await client.Receive()).ShouldBe("31[42]");
    }

    [Fact]
    public async Task An_answer_with_binary_parts_comes_whole()
    {
        var server = await Start();
        var (client, socket) = await ConnectBoth(server);
        var answer = socket.EmitWithAck("file", EventArguments.Empty, cancellationToken: Cancellation);
        await client.Send($"61-{IdOf(await client.Receive())}[\"name\",{{\"_placeholder\":true,\"num\":0}}]");
        await client.SendBinary([5, 6]);
        var arguments = await Soon(answer);
        arguments.Get<string>(0).ShouldBe("name");
        arguments.Get<byte[]>(1).ShouldBe([5, 6]);
    }

    [Fact]
    public async Task An_answer_that_does_not_fit_says_so()
    {
        var server = await Start();
        var (client, socket) = await ConnectBoth(server);
        var answer = socket.EmitWithAck<string, int>("n", "?", cancellationToken: Cancellation);
        await client.Send($"3{IdOf(await client.Receive())}[\"x\"]");
        await Should.ThrowAsync<InvalidPayloadException>(Soon(answer));
    }

    [Fact]
    public async Task A_client_that_does_not_answer_is_a_time_out()
    {
        var time = new FakeTimeProvider();
        var server = await Start(time: time);
        var (client, socket) = await ConnectBoth(server);
        var answer = socket.Timeout(TimeSpan.FromSeconds(5)).EmitWithAck<string, int>("n", "?", Cancellation);
        var late = IdOf(await client.Receive());
        time.Advance(TimeSpan.FromSeconds(4.9));
        answer.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(0.2));
        (await Should.ThrowAsync<TimeoutException>(Soon(answer))).Message.ShouldContain("\"n\"");

        // Too late, twice, and for a question never asked: ignored, and the connection goes on.
        await client.Send($"3{late}[1]");
        await client.Send($"3{late}[1]");
        await client.Send("3999[1]");
        var next = socket.EmitWithAck<string, int>("n", "?", cancellationToken: Cancellation);
        await client.Send($"3{IdOf(await client.Receive())}[2]");
        (await Soon(next)).ShouldBe(2);
    }

    [Fact]
    public async Task A_client_that_goes_ends_the_wait()
    {
        var server = await Start();
        var (client, socket) = await ConnectBoth(server);
        var answer = socket.EmitWithAck<string, int>("n", "?", TimeSpan.FromHours(1), Cancellation);
        client.Abort();
        await Should.ThrowAsync<SocketDisconnectedException>(Soon(answer));
        await Should.ThrowAsync<SocketDisconnectedException>(Soon(socket.EmitWithAck<string, int>("n", "?", cancellationToken: Cancellation)));
    }

    [Fact]
    public async Task A_wait_can_be_canceled()
    {
        var server = await Start();
        var (_, socket) = await ConnectBoth(server);
        using var cancel = new CancellationTokenSource();
        var answer = socket.EmitWithAck<string, int>("n", "?", TimeSpan.FromHours(1), cancel.Token);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(Soon(answer));
    }

    [Fact]
    public async Task So_many_answers_are_waited_for_and_no_more()
    {
        var server = await Start(options => options.MaxPendingAcks = 3);
        var (client, socket) = await ConnectBoth(server);
        var answers = Enumerable.Range(0, 3).Select(i => socket.EmitWithAck<int, int>("n", i, cancellationToken: Cancellation)).ToArray();
        (await Should.ThrowAsync<InvalidOperationException>(async () => await socket.EmitWithAck<int, int>("n", 3, cancellationToken: Cancellation)))
            .Message.ShouldContain("MaxPendingAcks");
        for (var i = 0; i < 3; i++) await client.Send($"3{IdOf(await client.Receive())}[{i}]");
        (await Soon(Task.WhenAll(answers))).ShouldBe([0, 1, 2]);
    }

    [Fact]
    public async Task A_socket_that_owes_too_many_answers_gets_a_broadcast_and_is_not_waited_for()
    {
        var server = await Start(options => options.MaxPendingAcks = 1);
        var (client, socket) = await ConnectBoth(server);
        var owed = socket.EmitWithAck<int, int>("n", 1, cancellationToken: Cancellation);
        var id = IdOf(await client.Receive());
        (await Soon(server.Io.Default.All.EmitWithAck<int, int>("all", 2, Cancellation))).Expected.ShouldBe(0);
        (await client.Receive()).ShouldEndWith("[\"all\",2]");
        await client.Send($"3{id}[7]");
        (await Soon(owed)).ShouldBe(7);
    }

    [Fact]
    public async Task A_broadcast_does_not_wait_for_who_has_gone()
    {
        var time = new FakeTimeProvider();
        var server = await Start(time: time);
        var stays = await Connect(server);
        var goes = await Connect(server);
        var answers = server.Io.Default.All.EmitWithAck<string, int>("n", "?", Cancellation);
        await goes.Receive();
        goes.Abort();
        await stays.Send($"3{IdOf(await stays.Receive())}[1]");
        var result = await Soon(answers);
        result.Answers.ShouldBe([1]);
        result.Expected.ShouldBe(2);
        result.TimedOut.ShouldBeFalse();
    }

    [Fact]
    public async Task A_broadcast_has_what_came_by_the_time_out()
    {
        var time = new FakeTimeProvider();
        var server = await Start(time: time);
        var answers = new List<RawClient> { await Connect(server), await Connect(server), await Connect(server) };
        var asked = server.Io.Default.All.Timeout(TimeSpan.FromSeconds(3)).EmitWithAck<string, int>("n", "?", Cancellation);
        await answers[0].Send($"3{IdOf(await answers[0].Receive())}[10]");
        await answers[1].Send($"3{IdOf(await answers[1].Receive())}[\"does not fit\"]");

        // A later answer of each shows that the earlier one has been read.
        await answers[0].Send("0/x,");
        await answers[0].Receive();
        await answers[1].Send("0/x,");
        await answers[1].Receive();
        time.Advance(TimeSpan.FromSeconds(3.1));
        var result = await Soon(asked);
        result.Answers.ShouldBe([10]);
        result.Expected.ShouldBe(3);
        result.TimedOut.ShouldBeTrue();
    }
}
