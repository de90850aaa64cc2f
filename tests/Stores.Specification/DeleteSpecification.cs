using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Shouldly;
using Xunit;

namespace Stores.Specification;

/// <summary>What is deleted is gone, and its place stays.</summary>
public abstract class DeleteSpecification : StoreSpecification
{
    [Fact]
    public async Task A_deleted_message_keeps_its_place_and_nothing_else()
    {
        using var upload = new MemoryStream([.. "some text"u8]);
        var file = await Store.AddAttachmentAsync(Ann, "a.txt", "text/plain", upload, Cancellation);
        await SendAsync(Ann, "before");
        var sent = await SendAsync(Ann, "secret", null, file.Id);
        await SendAsync(Ann, "after");
        await Store.ReactAsync(Bob, Thread, sent.Id, "👍", remove: false, Cancellation);

        var deleted = await Store.DeleteAsync(Ann, Thread, sent.Id, Cancellation);

        ShouldBeGone(deleted, sent);
        var history = await HistoryAsync(Bob);
        history.Select(m => m.Content).ShouldBe(["before", "", "after"]);
        ShouldBeGone(history[1], sent);
        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.OpenAttachmentAsync(Ann, file.Id, Cancellation));
        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.OpenAttachmentAsync(Bob, file.Id, Cancellation));
    }

    [Fact]
    public async Task It_is_not_unread_any_more()
    {
        var sent = await SendManyAsync(Ann, 3);
        await Store.MarkReadAsync(Bob, Thread, [sent[0].Id], Cancellation);

        await Store.DeleteAsync(Ann, Thread, sent[0].Id, Cancellation);
        (await UnreadAsync(Bob)).ShouldBe(2);
        await Store.DeleteAsync(Ann, Thread, sent[1].Id, Cancellation);
        (await UnreadAsync(Bob)).ShouldBe(1);
        (await UnreadAsync(Ann)).ShouldBe(0);

        (await Store.MarkReadAsync(Bob, Thread, null, Cancellation)).Receipts.ShouldHaveSingleItem().MessageId.ShouldBe(sent[2].Id);
        (await UnreadAsync(Bob)).ShouldBe(0);
    }

    [Fact]
    public async Task Reading_it_is_no_news()
    {
        var sent = await SendAsync(Ann, "secret");
        await Store.DeleteAsync(Ann, Thread, sent.Id, Cancellation);

        var marked = await Store.MarkReadAsync(Bob, Thread, [sent.Id], Cancellation);

        marked.Receipts.ShouldBeEmpty();
        marked.ReadByAll.ShouldBeEmpty();
        (await UnreadAsync(Bob)).ShouldBe(0);
    }

    [Fact]
    public async Task The_list_of_threads_shows_nothing_of_it()
    {
        var sent = await SendAsync(Ann, "secret");

        await Store.DeleteAsync(Ann, Thread, sent.Id, Cancellation);

        var last = (await Store.ThreadsAsync(Bob, 1, 10, null, Cancellation)).Threads.Single(t => t.Id == Thread).LastMessage;
        (last?.Content ?? "").ShouldBe("");
    }

    [Fact]
    public async Task Deleting_again_answers_the_same()
    {
        await SendAsync(Ann, "other");
        var sent = await SendAsync(Ann, "secret");
        var first = await Store.DeleteAsync(Ann, Thread, sent.Id, Cancellation);

        var second = await Store.DeleteAsync(Ann, Thread, sent.Id, Cancellation);

        ShouldBeGone(second, sent);
        second.DeletedAt.ShouldBe(first.DeletedAt);
        (await UnreadAsync(Bob)).ShouldBe(1);
    }

    [Fact]
    public async Task Many_devices_delete_it_once()
    {
        await SendAsync(Ann, "other");
        var sent = await SendAsync(Ann, "secret");

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(
            async () => await Store.DeleteAsync(Ann, Thread, sent.Id, Cancellation), Cancellation)));

        (await UnreadAsync(Bob)).ShouldBe(1);
    }

    [Fact]
    public async Task The_maker_of_the_thread_may_delete_the_messages_of_others()
    {
        var sent = await SendAsync(Bob, "rude");

        ShouldBeGone(await Store.DeleteAsync(Ann, Thread, sent.Id, Cancellation), sent);
        (await UnreadAsync(Ann)).ShouldBe(0);
    }

    [Fact]
    public async Task Others_may_not()
    {
        var group = (await Store.CreateThreadAsync(Ann, ThreadTypes.Group, null, [Bob, Cem], Cancellation)).Thread.Id;
        var sent = (await Store.SendAsync(new NewMessage(Bob, group, null, "kept", ContentTypes.PlainText, []), Cancellation)).Message;
        var elsewhere = await SendAsync(Ann, "kept too");

        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.DeleteAsync(Cem, group, sent.Id, Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.DeleteAsync(Cem, Thread, elsewhere.Id, Cancellation));
        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.DeleteAsync(Ann, group, elsewhere.Id, Cancellation));
        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.DeleteAsync(Ann, Thread, elsewhere.Id + 1000, Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.DeleteAsync(Ann, Thread, -1, Cancellation));

        (await HistoryAsync(Bob)).ShouldHaveSingleItem().Content.ShouldBe("kept too");
    }

    [Fact]
    public async Task Nothing_is_done_to_it_afterwards()
    {
        var sent = await SendAsync(Ann, "secret", "t");
        await Store.DeleteAsync(Ann, Thread, sent.Id, Cancellation);

        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.EditAsync(Ann, Thread, sent.Id, "again", Cancellation));
        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.ReactAsync(Bob, Thread, sent.Id, "👍", remove: false, Cancellation));
        (await Store.MarkDeliveredAsync(Bob, Thread, [sent.Id], Cancellation)).ShouldBeEmpty();
        ShouldBeGone((await HistoryAsync(Bob)).ShouldHaveSingleItem(), sent);
    }

    [Fact]
    public async Task A_retry_of_the_send_does_not_bring_it_back()
    {
        var sent = await SendAsync(Ann, "secret", "t");
        await Store.DeleteAsync(Ann, Thread, sent.Id, Cancellation);

        var retry = await Store.SendAsync(new NewMessage(Ann, Thread, "t", "secret", ContentTypes.PlainText, []), Cancellation);

        retry.AlreadyStored.ShouldBeTrue();
        ShouldBeGone(retry.Message, sent);
    }

    private static void ShouldBeGone(ChatMessage deleted, ChatMessage sent)
    {
        (deleted.Id, deleted.ThreadId, deleted.SenderId, deleted.CreatedAt).ShouldBe((sent.Id, sent.ThreadId, sent.SenderId, sent.CreatedAt));
        deleted.DeletedAt.ShouldNotBeNull().Offset.ShouldBe(TimeSpan.Zero);
        deleted.Content.ShouldBe("");
        deleted.Attachments.ShouldBeEmpty();
        deleted.Reactions.ShouldBeEmpty();
    }
}
