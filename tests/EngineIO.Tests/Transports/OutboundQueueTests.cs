using CsCheck;
using EngineIO.Transports;
using Microsoft.Extensions.Time.Testing;

namespace EngineIO.Tests.Transports;

public sealed class OutboundQueueTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Messages_leave_in_the_order_in_which_they_came() => Gen.Bool.Array[0, 400].Sample(enqueue =>
    {
        var budget = Budget(long.MaxValue);
        var queue = new OutboundQueue(new EngineIOOptions(), budget, _time);
        var expected = new Queue<OutboundMessage>();
        foreach (var add in enqueue)
        {
            if (add)
            {
                var message = OutboundMessage.Text(new byte[expected.Count]);
                queue.TryEnqueue(message).ShouldBeTrue();
                expected.Enqueue(message);
            }
            else
            {
                queue.Peek().ShouldBe(expected.TryPeek(out var next) ? next : null);
                queue.Dequeue().ShouldBe(expected.TryDequeue(out next) ? next : null);
            }

            queue.Count.ShouldBe(expected.Count);
            queue.Bytes.ShouldBe(expected.Sum(message => (long)message.Length));
            budget.Bytes.ShouldBe(queue.Bytes);
        }

        queue.Clear();
        queue.Count.ShouldBe(0);
        budget.Bytes.ShouldBe(0);
    });

    [Fact]
    public void Hard_limits_count_bytes_and_messages()
    {
        var options = new EngineIOOptions { MaxQueuedBytes = 100, SoftQueuedBytes = 100, MaxQueuedMessages = 3 };
        var bytes = new OutboundQueue(options, Budget(long.MaxValue), _time);
        bytes.TryEnqueue(Message(60)).ShouldBeTrue();
        bytes.TryEnqueue(Message(41)).ShouldBeFalse();
        bytes.TryEnqueue(Message(40)).ShouldBeTrue();

        var items = new OutboundQueue(options, Budget(long.MaxValue), _time);
        for (var i = 0; i < 3; i++)
            items.TryEnqueue(Message(4)).ShouldBeTrue();
        items.TryEnqueue(Message(4)).ShouldBeFalse();
        items.Count.ShouldBe(3);
    }

    [Fact]
    public void Who_waits_for_less_in_the_queue_goes_on_when_it_has_been_taken()
    {
        var queue = new OutboundQueue(new EngineIOOptions(), Budget(long.MaxValue), _time);
        queue.HasShrunkTo(0, out _).ShouldBeTrue();
        for (var i = 0; i < 3; i++)
            queue.TryEnqueue(Message(40)).ShouldBeTrue();

        queue.HasShrunkTo(50, out var shrunk).ShouldBeFalse();
        queue.Dequeue();
        shrunk!.IsCompleted.ShouldBeFalse();
        queue.Dequeue();
        shrunk.IsCompleted.ShouldBeTrue();
        queue.HasShrunkTo(50, out _).ShouldBeTrue();

        queue.HasShrunkTo(0, out shrunk).ShouldBeFalse();
        queue.Clear();
        shrunk!.IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public void One_message_larger_than_every_limit_is_taken_when_nothing_waits()
    {
        var queue = new OutboundQueue(new EngineIOOptions { MaxQueuedBytes = 10, SoftQueuedBytes = 10 }, Budget(5), _time);
        queue.TryEnqueue(Message(1000)).ShouldBeTrue();
        queue.TryEnqueue(Message(4)).ShouldBeFalse();
    }

    [Fact]
    public void Beyond_the_soft_limit_only_a_client_that_takes_nothing_is_refused()
    {
        var options = new EngineIOOptions { SoftQueuedBytes = 50, StalledWriteTimeout = TimeSpan.FromSeconds(10) };
        var queue = new OutboundQueue(options, Budget(long.MaxValue), _time);
        queue.TryEnqueue(Message(40)).ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(10));
        queue.TryEnqueue(Message(40)).ShouldBeTrue();
        queue.MarkProgress();
        _time.Advance(TimeSpan.FromSeconds(10));
        queue.TryEnqueue(Message(40)).ShouldBeTrue();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        queue.TryEnqueue(Message(40)).ShouldBeFalse();
    }

    [Fact]
    public void When_the_budget_is_spent_only_those_with_more_than_their_share_are_refused()
    {
        var budget = new QueueBudget(1000, () => 2);
        var options = new EngineIOOptions();
        var greedy = new OutboundQueue(options, budget, _time);
        var modest = new OutboundQueue(options, budget, _time);
        greedy.TryEnqueue(Message(990)).ShouldBeTrue();
        modest.TryEnqueue(Message(20)).ShouldBeTrue();
        greedy.TryEnqueue(Message(20)).ShouldBeFalse();
        modest.TryEnqueue(Message(20)).ShouldBeTrue();
        greedy.Clear();
        greedy.TryEnqueue(Message(20)).ShouldBeTrue();
        greedy.TryEnqueue(Message(600)).ShouldBeTrue();
    }

    private static QueueBudget Budget(long bytes) => new(bytes, () => 1);

    /// <summary>A message that is that long with its frame header.</summary>
    private static OutboundMessage Message(int length)
    {
        var message = OutboundMessage.Binary(new byte[length - WebSocketFrame.HeaderLength(length)]);
        message.Length.ShouldBe(length);
        return message;
    }
}
