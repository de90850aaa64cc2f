using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Shouldly;
using Xunit;

namespace Stores.Specification;

/// <summary>That a message has reached somebody: once, and never after it was read.</summary>
public abstract class DeliveredSpecification : StoreSpecification
{
    [Fact]
    public async Task Messages_become_delivered_once()
    {
        var sent = await SendManyAsync(Ann, 3);

        var delivered = await Store.MarkDeliveredAsync(Bob, Thread, [sent[2].Id, sent[0].Id], Cancellation);

        delivered.Select(m => m.Id).ShouldBe([sent[0].Id, sent[2].Id]);
        delivered.ShouldAllBe(m => m.Status == "delivered" && m.SenderId == Ann && m.Content.StartsWith("message"));
        (await Store.MarkDeliveredAsync(Bob, Thread, [.. sent.Select(m => m.Id)], Cancellation)).ShouldHaveSingleItem().Id.ShouldBe(sent[1].Id);
        (await Store.MarkDeliveredAsync(Bob, Thread, [.. sent.Select(m => m.Id)], Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public virtual async Task It_is_kept()
    {
        var sent = await SendAsync(Ann, "hello");
        await Store.MarkDeliveredAsync(Bob, Thread, [sent.Id], Cancellation);

        (await HistoryAsync(Ann)).ShouldHaveSingleItem().Status.ShouldBe("delivered");
        (await UnreadAsync(Bob)).ShouldBe(1);
    }

    [Fact]
    public async Task Never_after_read()
    {
        var sent = await SendAsync(Ann, "hello");
        await Store.MarkReadAsync(Bob, Thread, [sent.Id], Cancellation);

        (await Store.MarkDeliveredAsync(Bob, Thread, [sent.Id], Cancellation)).ShouldBeEmpty();

        (await HistoryAsync(Ann)).ShouldHaveSingleItem().Status.ShouldBe("read");
    }

    [Fact]
    public virtual async Task Then_read()
    {
        var sent = await SendAsync(Ann, "hello");
        await Store.MarkDeliveredAsync(Bob, Thread, [sent.Id], Cancellation);

        (await Store.MarkReadAsync(Bob, Thread, [sent.Id], Cancellation)).ReadByAll.ShouldHaveSingleItem().Status.ShouldBe("read");
    }

    [Fact]
    public virtual async Task Own_messages_unknown_ones_and_those_of_other_threads_are_passed_over()
    {
        var other = (await Store.CreateThreadAsync(Ann, ThreadTypes.Group, null, [Bob], Cancellation)).Thread.Id;
        var elsewhere = (await Store.SendAsync(new NewMessage(Ann, other, null, "x", ContentTypes.PlainText, []), Cancellation)).Message;
        var mine = await SendAsync(Bob, "mine");
        var theirs = await SendAsync(Ann, "theirs");

        var delivered = await Store.MarkDeliveredAsync(Bob, Thread, [mine.Id, elsewhere.Id, theirs.Id + 1000, theirs.Id, theirs.Id], Cancellation);

        delivered.ShouldHaveSingleItem().Id.ShouldBe(theirs.Id);
        (await HistoryAsync(Ann)).Select(m => m.Status).ShouldBe(["sent", "delivered"]);
    }

    [Fact]
    public async Task A_stranger_delivers_nothing()
    {
        var sent = await SendAsync(Ann, "hello");

        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.MarkDeliveredAsync(Cem, Thread, [sent.Id], Cancellation));

        (await HistoryAsync(Ann)).ShouldHaveSingleItem().Status.ShouldBe("sent");
    }

    [Fact]
    public async Task Of_many_devices_one_is_the_first()
    {
        var sent = await SendAsync(Ann, "hello");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(
            async () => await Store.MarkDeliveredAsync(Bob, Thread, [sent.Id], Cancellation), Cancellation)));

        answers.Sum(answer => answer.Count).ShouldBe(1);
    }

    [Fact]
    public async Task Lists_that_cannot_be_are_invalid_and_an_empty_one_is_nothing()
    {
        (await Store.MarkDeliveredAsync(Bob, Thread, [], Cancellation)).ShouldBeEmpty();
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.MarkDeliveredAsync(Bob, Thread, [0], Cancellation));
        await RefusedAsync(
            ChatErrorCodes.Invalid,
            async () => await Store.MarkDeliveredAsync(Bob, Thread, [.. Enumerable.Range(1, StoreLimits.IdsPerCall + 1)], Cancellation));
    }
}
