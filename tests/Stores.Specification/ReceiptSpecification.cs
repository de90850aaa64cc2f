using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Shouldly;
using Xunit;

namespace Stores.Specification;

/// <summary>Who has read what, once each.</summary>
public abstract class ReceiptSpecification : StoreSpecification
{
    [Fact]
    public virtual async Task Reading_is_answered_with_the_receipts_and_remembered()
    {
        var sent = await SendManyAsync(Ann, 3);

        var receipts = (await Store.MarkReadAsync(Bob, Thread, [sent[2].Id, sent[0].Id], Cancellation)).Receipts;

        receipts.Select(r => r.MessageId).ShouldBe([sent[0].Id, sent[2].Id]);
        receipts.ShouldAllBe(r => r.UserId == Bob && r.UserName == "Bob" && r.ReadAt >= sent[0].CreatedAt);
        // The address is the receipt's only where the store has it at hand.
        (await Store.ReceiptsAsync(Ann, sent[0].Id, Cancellation)).Select(r => r with { UserEmail = "" }).ShouldBe([receipts[0] with { UserEmail = "" }]);
        (await Store.ReceiptsAsync(Ann, sent[1].Id, Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public virtual async Task A_message_is_read_when_the_last_of_the_others_has_read_it()
    {
        var group = (await Store.CreateThreadAsync(Ann, ThreadTypes.Group, null, [Bob, Cem], Cancellation)).Thread.Id;
        var sent = (await Store.SendAsync(new NewMessage(Ann, group, null, "hello", ContentTypes.PlainText, []), Cancellation)).Message;

        (await Store.MarkReadAsync(Bob, group, [sent.Id], Cancellation)).ReadByAll.ShouldBeEmpty();
        (await StatusAsync()).ShouldBeOneOf("sent", "delivered");
        var changed = (await Store.MarkReadAsync(Cem, group, null, Cancellation)).ReadByAll.ShouldHaveSingleItem();
        (changed.Id, changed.Content, changed.Status).ShouldBe((sent.Id, "hello", "read"));
        (await StatusAsync()).ShouldBe("read");
        (await Store.ThreadsAsync(Ann, 1, 100, null, Cancellation)).Threads.Single(t => t.Id == group).LastMessage!.Status.ShouldBe("read");

        async Task<string> StatusAsync() =>
            (await Store.HistoryAsync(Ann, group, beforeId: null, afterId: null, 10, Cancellation)).Messages.Single().Status;
    }

    [Fact]
    public async Task Reading_again_is_no_news()
    {
        var sent = await SendAsync(Ann, "hello");
        await Store.MarkReadAsync(Bob, Thread, [sent.Id], Cancellation);

        (await Store.MarkReadAsync(Bob, Thread, [sent.Id, sent.Id], Cancellation)).Receipts.ShouldBeEmpty();
        (await Store.MarkReadAsync(Bob, Thread, null, Cancellation)).Receipts.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_id_that_is_given_twice_counts_once()
    {
        var sent = await SendAsync(Ann, "hello");

        (await Store.MarkReadAsync(Bob, Thread, [sent.Id, sent.Id], Cancellation)).Receipts.Count.ShouldBe(1);
        (await UnreadAsync(Bob)).ShouldBe(0);
    }

    [Fact]
    public async Task Own_messages_are_passed_over()
    {
        var mine = await SendAsync(Bob, "mine");
        var theirs = await SendAsync(Ann, "theirs");

        var receipts = (await Store.MarkReadAsync(Bob, Thread, [mine.Id, theirs.Id], Cancellation)).Receipts;

        receipts.ShouldHaveSingleItem().MessageId.ShouldBe(theirs.Id);
        (await Store.ReceiptsAsync(Ann, mine.Id, Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_message_of_another_thread_is_not_found_and_nothing_is_stored()
    {
        var other = (await Store.CreateThreadAsync(Ann, ThreadTypes.Group, null, [Bob], Cancellation)).Thread.Id;
        var elsewhere = (await Store.SendAsync(new NewMessage(Ann, other, null, "x", ContentTypes.PlainText, []), Cancellation)).Message;
        var here = await SendAsync(Ann, "y");

        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.MarkReadAsync(Bob, Thread, [here.Id, elsewhere.Id], Cancellation));
        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.MarkReadAsync(Bob, Thread, [here.Id, elsewhere.Id + 1000], Cancellation));

        (await Store.ReceiptsAsync(Ann, here.Id, Cancellation)).ShouldBeEmpty();
        (await UnreadAsync(Bob)).ShouldBe(1);
    }

    [Fact]
    public virtual async Task All_can_be_read_in_one_call_whatever_was_read_before()
    {
        var sent = await SendManyAsync(Ann, 30);
        await SendAsync(Bob, "mine");
        await Store.MarkReadAsync(Bob, Thread, [sent[3].Id, sent[17].Id], Cancellation);

        var receipts = (await Store.MarkReadAsync(Bob, Thread, null, Cancellation)).Receipts;

        receipts.Select(r => r.MessageId).ShouldBe(sent.Select(m => m.Id).Except([sent[3].Id, sent[17].Id]));
        (await UnreadAsync(Bob)).ShouldBe(0);
    }

    [Fact]
    public async Task Unread_messages_are_counted_for_each_participant()
    {
        var sent = await SendManyAsync(Ann, 4);
        await SendAsync(Bob, "mine");
        await Store.MarkReadAsync(Bob, Thread, [sent[0].Id], Cancellation);

        (await UnreadAsync(Bob)).ShouldBe(3);
        (await UnreadAsync(Ann)).ShouldBe(1);
    }

    [Fact]
    public async Task The_same_receipt_from_many_devices_is_stored_once()
    {
        var sent = await SendAsync(Ann, "hello");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(
            async () => await Store.MarkReadAsync(Bob, Thread, [sent.Id], Cancellation), Cancellation)));

        answers.Sum(a => a.Receipts.Count).ShouldBe(1);
        (await UnreadAsync(Bob)).ShouldBe(0);
    }

    [Fact]
    public async Task No_ids_are_no_receipts() =>
        (await Store.MarkReadAsync(Bob, Thread, [], Cancellation)).Receipts.ShouldBeEmpty();

    [Fact]
    public async Task Too_many_ids_are_invalid() =>
        await RefusedAsync(
            ChatErrorCodes.Invalid,
            async () => await Store.MarkReadAsync(Bob, Thread, [.. Enumerable.Range(1, StoreLimits.IdsPerCall + 1)], Cancellation));

    [Fact]
    public async Task Receipts_of_an_unknown_message_are_not_found() =>
        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.ReceiptsAsync(Ann, Harness.UnknownContentId, Cancellation));
}
