using System.Runtime.CompilerServices;
using System.Text;
using Micro;
using Shouldly;
using SocketIO.Server;
using Xunit;

namespace SocketIO.Tests.Server;

/// <summary>The memory that an event costs, from the bytes of its frame to the write of its answer. All of it happens on the thread that feeds the connection.</summary>
public sealed class EchoMemoryTests
{
    private const int Echoes = 1000;
    private const int MostBytes = 300;

    // Off any context of the test's: whoever feeds a connection then runs the server's reading, and nobody else does.
    private static ConfiguredTaskAwaitable OffContext => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    private static void Answer(Socket socket) => socket.On("echo", incoming =>
    {
        incoming.Ack.Send(incoming.Arguments);
        return ValueTask.CompletedTask;
    });

    private static byte[] Question(int ackId, string text) =>
        SocketIOClients.Frame(Encoding.UTF8.GetBytes($"42{ackId}[\"echo\",{{\"room\":\"room0000\",\"text\":\"{text}\"}}]"));

    private static string Body(ReadOnlyMemory<byte> frames) => Encoding.UTF8.GetString(frames.Span[2..]);

    [Fact]
    public async Task An_acknowledged_echo_allocates_less_than_300_bytes()
    {
        await OffContext;
        var clients = new SocketIOClients(1, Answer);
        var stream = clients.Streams[0];
        var question = Question(0, new string('x', 37));
        for (var i = 0; i < Echoes; i++) stream.Feed(question);

        var writes = stream.Writes;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Echoes; i++) stream.Feed(question);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        (stream.Writes - writes).ShouldBe(Echoes);
        (allocated / Echoes).ShouldBeLessThan(MostBytes);
        await clients.CloseAsync();
    }

    [Fact]
    public async Task An_answer_that_has_not_left_keeps_its_bytes_while_others_are_written()
    {
        await OffContext;
        var clients = new SocketIOClients(2, Answer);
        var (slow, quick) = (clients.Streams[0], clients.Streams[1]);
        var held = new TaskCompletionSource();
        List<ReadOnlyMemory<byte>> leaving = [];
        slow.OnWrite = frames =>
        {
            leaving.Add(frames);
            return new ValueTask(held.Task);
        };
        slow.Feed(Question(1, "slow"));
        slow.Feed(Question(2, "slow, and waits"));
        List<string> answers = [];
        quick.OnWrite = frames =>
        {
            answers.Add(Body(frames));
            return ValueTask.CompletedTask;
        };
        for (var i = 0; i < 100; i++) quick.Feed(Question(i, $"quick {i}"));

        answers.ShouldBe(Enumerable.Range(0, 100).Select(i => $"43{i}[{{\"room\":\"room0000\",\"text\":\"quick {i}\"}}]"));
        Body(leaving.ShouldHaveSingleItem()).ShouldBe("431[{\"room\":\"room0000\",\"text\":\"slow\"}]");
        var next = new TaskCompletionSource<string>();
        slow.OnWrite = frames =>
        {
            next.TrySetResult(Body(frames));
            return ValueTask.CompletedTask;
        };
        held.SetResult();
        (await next.Task.WaitAsync(TestContext.Current.CancellationToken)).ShouldBe("432[{\"room\":\"room0000\",\"text\":\"slow, and waits\"}]");
        await clients.CloseAsync();
    }
}
