using System.Collections.Concurrent;
using Adapters.Specification;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using SocketIO.Server;
using Xunit;

namespace SocketIO.Tests.Server;

/// <summary>Broadcasts whose answers are handed on as they come.</summary>
public sealed class AnswerTests : ServerTest
{
    private static string IdOf(string packet) => packet[1..packet.IndexOf('[', StringComparison.Ordinal)];

    [Fact]
    public async Task Each_answer_comes_with_its_socket_until_no_more_are_wanted()
    {
        var server = await Start();
        var (first, firstSocket) = await ConnectBoth(server);
        var (second, secondSocket) = await ConnectBoth(server);
        var answers = new ConcurrentQueue<(string SocketId, int Value)>();
        server.Io.Default.All.EmitWithAnswers("q", "?", (socket, arguments) =>
        {
            answers.Enqueue((socket.Id, arguments.Get<int>(0)));
            return answers.Count == 2;
        });

        var question = await first.Receive();
        (await second.Receive()).ShouldBe(question, "the same bytes go to all");
        await first.Send($"3{IdOf(question)}[1]");
        await Eventually.IsTrue(() => answers.Count == 1, Cancellation);
        server.Io.Default.WatchCount.ShouldBe(1);
        await second.Send($"3{IdOf(question)}[2]");
        await Eventually.IsTrue(() => server.Io.Default.WatchCount == 0, Cancellation);

        // Nobody wants this one any more.
        await first.Send($"3{IdOf(question)}[3]");
        await RoundTrip(first, firstSocket);
        answers.ShouldBe([(firstSocket.Id, 1), (secondSocket.Id, 2)]);
    }

    [Fact]
    public async Task Those_who_never_answer_are_forgotten_after_the_time_out()
    {
        var time = new FakeTimeProvider();
        var server = await Start(time: time);
        var (client, socket) = await ConnectBoth(server);
        var answered = false;
        server.Io.To(socket.Id).Timeout(TimeSpan.FromSeconds(5)).EmitWithAnswers("q", "?", (_, _) => answered = true);
        var id = IdOf(await client.Receive());
        server.Io.Default.WatchCount.ShouldBe(1);

        time.Advance(TimeSpan.FromSeconds(6));

        await Eventually.IsTrue(() => server.Io.Default.WatchCount == 0, Cancellation);
        await client.Send($"3{id}[1]");
        await RoundTrip(client, socket);
        answered.ShouldBeFalse();
    }

    [Fact]
    public async Task So_many_are_asked_and_more_get_the_event_without_being_asked()
    {
        var server = await Start(options => options.MaxWatchedBroadcasts = 2);
        var client = await Connect(server);
        for (var i = 0; i < 3; i++) server.Io.Default.All.EmitWithAnswers("q", i, (_, _) => true);

        var packets = new[] { await client.Receive(), await client.Receive(), await client.Receive() };

        packets.ShouldBe(["20[\"q\",0]", "21[\"q\",1]", "2[\"q\",2]"]);
        await client.Send("30[]");
        await Eventually.IsTrue(() => server.Io.Default.WatchCount == 1, Cancellation);
        server.Io.Default.All.EmitWithAnswers("q", 3, (_, _) => true);
        (await client.Receive()).ShouldBe("22[\"q\",3]");
    }

    [Fact]
    public async Task What_a_handler_throws_ends_nothing()
    {
        var server = await Start();
        var (client, socket) = await ConnectBoth(server);
        var calls = 0;
        server.Io.Default.All.EmitWithAnswers("q", "?", (_, _) => ++calls == 1 ? throw new InvalidOperationException("a defect") : true);
        var id = IdOf(await client.Receive());

        await client.Send($"3{id}[]");
        await client.Send($"3{id}[]");

        await Eventually.IsTrue(() => server.Io.Default.WatchCount == 0, Cancellation);
        calls.ShouldBe(2);
        await RoundTrip(client, socket);
    }

    [Fact]
    public async Task An_infinite_time_out_is_refused()
    {
        var server = await Start();
        Should.Throw<InvalidOperationException>(() => server.Io.Default.All.Timeout(Timeout.InfiniteTimeSpan).EmitWithAnswers("q", "?", (_, _) => true));
        Should.Throw<ArgumentException>(() => server.Io.Default.All.EmitWithAnswers("connect", "?", (_, _) => true));
    }

    // Everything that the client has sent before is handled when this completes.
    private static async Task RoundTrip(RawClient client, Socket socket)
    {
        var answer = socket.EmitWithAck<string, int>("sync", "?", cancellationToken: Cancellation);
        await client.Send($"3{IdOf(await client.Receive())}[1]");
        (await Soon(answer)).ShouldBe(1);
    }
}
