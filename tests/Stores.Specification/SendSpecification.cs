using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Shouldly;
using Xunit;

namespace Stores.Specification;

/// <summary>What becomes of a message that is sent.</summary>
public abstract class SendSpecification : StoreSpecification
{
    /// <summary>Senders at once; each sends ten messages.</summary>
    protected virtual int Crowd => 200;

    [Fact]
    public async Task A_message_is_answered_whole()
    {
        var before = DateTimeOffset.UtcNow.AddDays(-400);

        var stored = await Store.SendAsync(new NewMessage(Ann, Thread, "t-1", "hello", "text/markdown", []), Cancellation);

        stored.AlreadyStored.ShouldBeFalse();
        var message = stored.Message;
        message.Id.ShouldBeGreaterThan(0);
        message.ThreadId.ShouldBe(Thread);
        message.SenderId.ShouldBe(Ann);
        message.SenderName.ShouldBe("Ann Ångström");
        message.Content.ShouldBe("hello");
        message.ContentType.ShouldBe("text/markdown");
        message.Status.ShouldBe("sent");
        message.Attachments.ShouldBeEmpty();
        message.CreatedAt.ShouldBeGreaterThan(before);
        message.CreatedAt.Offset.ShouldBe(TimeSpan.Zero);
        message.UpdatedAt.ShouldBe(message.CreatedAt);
    }

    [Fact]
    public async Task What_was_answered_is_what_the_history_has()
    {
        var sent = await SendAsync(Ann, "hello");

        var read = (await Store.HistoryAsync(Bob, Thread, null, null, 10, Cancellation)).Messages.ShouldHaveSingleItem();

        read.ShouldBe(sent with { Attachments = read.Attachments });
        read.Attachments.ShouldBeEmpty();
    }

    [Fact]
    public async Task Later_messages_have_higher_ids()
    {
        var messages = await SendManyAsync(Ann, 20);

        messages.Select(m => m.Id).ShouldBeInOrder(SortDirection.Ascending);
        messages.Select(m => m.Id).ShouldBeUnique();
    }

    [Fact]
    public async Task A_retry_answers_the_first_message_and_stores_no_second()
    {
        var first = await SendAsync(Ann, "once", "t-1");

        var retry = await Store.SendAsync(new NewMessage(Ann, Thread, "t-1", "once, but different", ContentTypes.PlainText, []), Cancellation);

        retry.AlreadyStored.ShouldBeTrue();
        retry.Message.Id.ShouldBe(first.Id);
        retry.Message.Content.ShouldBe("once");
        (await Store.HistoryAsync(Bob, Thread, null, null, 10, Cancellation)).Messages.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Fifty_retries_at_once_store_one_message()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(
            async () => await Store.SendAsync(new NewMessage(Ann, Thread, "race", "once", ContentTypes.PlainText, []), Cancellation), Cancellation)));

        answers.Select(a => a.Message.Id).Distinct().Count().ShouldBe(1);
        answers.Count(a => !a.AlreadyStored).ShouldBe(1);
        (await Store.ThreadsAsync(Bob, 1, 10, null, Cancellation)).Threads[0].UnreadCount.ShouldBe(1);
    }

    [Fact]
    public async Task The_same_temp_id_of_another_sender_or_in_another_thread_is_another_message()
    {
        var other = (await Store.CreateThreadAsync(Ann, ThreadTypes.Group, null, [Bob], Cancellation)).Thread.Id;
        var first = await SendAsync(Ann, "a", "t");

        var ofBob = await SendAsync(Bob, "b", "t");
        var elsewhere = (await Store.SendAsync(new NewMessage(Ann, other, "t", "c", ContentTypes.PlainText, []), Cancellation)).Message;

        new[] { first.Id, ofBob.Id, elsewhere.Id }.ShouldBeUnique();
    }

    [Fact]
    public async Task Without_a_temp_id_the_same_text_is_sent_twice()
    {
        var first = await SendAsync(Ann, "again");
        var second = await SendAsync(Ann, "again");

        second.Id.ShouldBeGreaterThan(first.Id);
    }

    [Fact]
    public async Task A_crowd_that_sends_at_once_keeps_each_their_own_order()
    {
        const int each = 10;
        var ids = new List<long>();
        for (var i = 0; i < Crowd; i++)
            ids.Add(await Harness.AddUserAsync($"Sender {i}"));
        var crowd = (await Store.CreateThreadAsync(Ann, ThreadTypes.Group, null, ids, Cancellation)).Thread.Id;

        // Nobody waits for an answer before the next send: the order of the calls is all there is.
        await Task.WhenAll(ids.Select(sender => Task.Run(
            () => Task.WhenAll(Enumerable.Range(0, each).Select(
                n => Store.SendAsync(new NewMessage(sender, crowd, null, $"{n}", ContentTypes.PlainText, []), Cancellation).AsTask())), Cancellation)));

        var all = new List<ChatMessage>();
        MessagePage page;
        do
        {
            page = await Store.HistoryAsync(Ann, crowd, null, all.Count == 0 ? 0 : all[^1].Id, 100, Cancellation);
            all.AddRange(page.Messages);
        }
        while (page.HasMore);
        all.Count.ShouldBe(Crowd * each);
        foreach (var ofOne in all.GroupBy(m => m.SenderId))
            ofOne.Select(m => m.Content).ShouldBe(Enumerable.Range(0, each).Select(n => $"{n}"));
    }

    [Fact]
    public async Task A_send_that_is_refused_leaves_nothing_behind()
    {
        await RefusedAsync(ChatErrorCodes.Invalid, () => SendAsync(Ann, "with somebody's file", "t", Harness.UnknownContentId));

        (await Store.HistoryAsync(Ann, Thread, null, null, 10, Cancellation)).Messages.ShouldBeEmpty();
        (await Store.ThreadsAsync(Bob, 1, 10, null, Cancellation)).Threads[0].UnreadCount.ShouldBe(0);
        (await SendAsync(Ann, "without", "t")).Content.ShouldBe("without");
    }

    [Fact]
    public async Task A_caller_who_has_cancelled_already_stores_nothing()
    {
        await Should.ThrowAsync<OperationCanceledException>(async () => await Store.SendAsync(
            new NewMessage(Ann, Thread, null, "x", ContentTypes.PlainText, []), new CancellationToken(canceled: true)));

        (await Store.HistoryAsync(Ann, Thread, null, null, 10, Cancellation)).Messages.ShouldBeEmpty();
    }
}
