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
        var budget = Budget();
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
            budget.Bytes.ShouldBeGreaterThanOrEqualTo(queue.Bytes + (queue.Count * QueueBudget.MessageOverhead));
        }

        queue.Clear();
        queue.Count.ShouldBe(0);
        budget.Bytes.ShouldBe(0);
    });

    [Fact]
    public void Hard_limits_count_bytes_and_messages()
    {
        var options = new EngineIOOptions { MaxQueuedBytes = 100, SoftQueuedBytes = 100, MaxQueuedMessages = 3 };
        var bytes = new OutboundQueue(options, Budget(), _time);
        bytes.TryEnqueue(Message(60)).ShouldBeTrue();
        bytes.TryEnqueue(Message(41)).ShouldBeFalse();
        bytes.TryEnqueue(Message(40)).ShouldBeTrue();

        var items = new OutboundQueue(options, Budget(), _time);
        for (var i = 0; i < 3; i++)
            items.TryEnqueue(Message(4)).ShouldBeTrue();
        items.TryEnqueue(Message(4)).ShouldBeFalse();
        items.Count.ShouldBe(3);
    }

    [Fact]
    public void Who_waits_for_less_in_the_queue_goes_on_when_it_has_been_taken()
    {
        var queue = new OutboundQueue(new EngineIOOptions(), Budget(), _time);
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
        var queue = new OutboundQueue(new EngineIOOptions { MaxQueuedBytes = 10, SoftQueuedBytes = 10 }, Budget(), _time);
        queue.TryEnqueue(Message(1000)).ShouldBeTrue();
        queue.TryEnqueue(Message(4)).ShouldBeFalse();
    }

    [Fact]
    public void Beyond_the_soft_limit_only_a_client_that_takes_nothing_is_refused()
    {
        var options = new EngineIOOptions { SoftQueuedBytes = 50, StalledWriteTimeout = TimeSpan.FromSeconds(10) };
        var queue = new OutboundQueue(options, Budget(), _time);
        queue.TryEnqueue(Message(40)).ShouldBeTrue();
        queue.MarkBlocked();
        _time.Advance(TimeSpan.FromSeconds(10));
        queue.TryEnqueue(Message(40)).ShouldBeTrue();
        queue.MarkProgress();
        queue.MarkBlocked();
        _time.Advance(TimeSpan.FromSeconds(10));
        queue.MarkBlocked();
        queue.TryEnqueue(Message(40)).ShouldBeTrue();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        queue.TryEnqueue(Message(40)).ShouldBeFalse();
    }

    [Fact]
    public void What_the_server_has_not_come_to_counts_against_nobody()
    {
        var queue = new OutboundQueue(new EngineIOOptions { SoftQueuedBytes = 50 }, Budget(), _time);
        for (var i = 0; i < 10; i++)
        {
            queue.TryEnqueue(Message(40)).ShouldBeTrue();
            _time.Advance(TimeSpan.FromMinutes(1));
        }
    }

    [Fact]
    public void Message_in_many_queues_counts_once_until_the_last_has_let_go_of_it()
    {
        var (budget, another) = (Budget(), Budget());
        var options = new EngineIOOptions();
        var (first, second, elsewhere) = (new OutboundQueue(options, budget, _time), new OutboundQueue(options, budget, _time), new OutboundQueue(options, another, _time));
        var message = Message(1000);
        first.TryEnqueue(message).ShouldBeTrue();
        second.TryEnqueue(message).ShouldBeTrue();
        elsewhere.TryEnqueue(message).ShouldBeTrue();
        budget.Bytes.ShouldBe(1000 + QueueBudget.MessageOverhead);
        another.Bytes.ShouldBe(budget.Bytes);

        first.Dequeue();
        budget.Bytes.ShouldBe(1000 + QueueBudget.MessageOverhead);
        first.MarkBlocked(message, bytes: 0);
        second.Clear();
        budget.Bytes.ShouldBe(1000 + QueueBudget.MessageOverhead);
        first.MarkProgress();
        budget.Bytes.ShouldBe(0);
        elsewhere.Dequeue();
        another.Bytes.ShouldBe(0);
    }

    [Fact]
    public void What_a_write_holds_that_does_not_complete_counts_and_so_does_a_long_list_of_small_messages()
    {
        var budget = Budget();
        var queue = new OutboundQueue(new EngineIOOptions(), budget, _time);
        queue.MarkBlocked(message: null, bytes: 65_536);
        budget.Bytes.ShouldBe(65_536);
        queue.HeldBytes.ShouldBe(65_536);
        var message = Message(4);
        for (var i = 0; i < 10_000; i++)
            queue.TryEnqueue(message).ShouldBeTrue();
        budget.Bytes.ShouldBeGreaterThan(65_536 + (10_000 * 8));
        queue.Clear();
        budget.Bytes.ShouldBe(0);
    }

    private static QueueBudget Budget() => new(long.MaxValue);

    /// <summary>A message that is that long with its frame header.</summary>
    private static OutboundMessage Message(int length)
    {
        var message = OutboundMessage.Binary(new byte[length - WebSocketFrame.HeaderLength(length)]);
        message.Length.ShouldBe(length);
        return message;
    }
}
