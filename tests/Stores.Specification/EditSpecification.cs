using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Shouldly;
using Xunit;

namespace Stores.Specification;

/// <summary>An author may say it differently, and everybody sees that it was changed.</summary>
public abstract class EditSpecification : StoreSpecification
{
    [Fact]
    public async Task An_edited_message_is_answered_whole_and_keeps_its_place()
    {
        var sent = await SendManyAsync(Ann, 3);

        var edited = await Store.EditAsync(Ann, Thread, sent[1].Id, "better", Cancellation);

        edited.Content.ShouldBe("better");
        edited.EditedAt.ShouldNotBeNull().Offset.ShouldBe(TimeSpan.Zero);
        edited.EditedAt!.Value.ShouldBeGreaterThanOrEqualTo(sent[1].CreatedAt);
        (edited.Id, edited.ThreadId, edited.SenderId, edited.SenderName, edited.ContentType, edited.CreatedAt, edited.Status)
            .ShouldBe((sent[1].Id, Thread, Ann, "Ann Ångström", sent[1].ContentType, sent[1].CreatedAt, "sent"));
        edited.DeletedAt.ShouldBeNull();
        var history = await HistoryAsync(Bob);
        history.Select(m => m.Content).ShouldBe(["message 1", "better", "message 3"]);
        history.Select(m => m.EditedAt is not null).ShouldBe([false, true, false]);
    }

    [Fact]
    public async Task An_edit_is_in_the_list_of_threads_and_unread_as_before()
    {
        var sent = await SendAsync(Ann, "first");
        await Store.EditAsync(Ann, Thread, sent.Id, "second", Cancellation);
        await Store.EditAsync(Ann, Thread, sent.Id, "third", Cancellation);

        var thread = (await Store.ThreadsAsync(Bob, 1, 10, null, Cancellation)).Threads.Single(t => t.Id == Thread);

        thread.LastMessage!.Content.ShouldBe("third");
        thread.UnreadCount.ShouldBe(1);
    }

    [Fact]
    public async Task A_message_that_was_read_stays_read()
    {
        var sent = await SendAsync(Ann, "first");
        await Store.MarkReadAsync(Bob, Thread, [sent.Id], Cancellation);

        (await Store.EditAsync(Ann, Thread, sent.Id, "second", Cancellation)).Status.ShouldBe("read");
    }

    [Fact]
    public async Task Only_the_author_may()
    {
        var sent = await SendAsync(Bob, "mine");

        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.EditAsync(Ann, Thread, sent.Id, "yours", Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.EditAsync(Cem, Thread, sent.Id, "theirs", Cancellation));

        (await HistoryAsync(Bob)).ShouldHaveSingleItem().Content.ShouldBe("mine");
    }

    [Fact]
    public async Task Not_from_outside_and_not_through_another_thread()
    {
        var other = (await Store.CreateThreadAsync(Ann, ThreadTypes.Group, null, [Bob], Cancellation)).Thread.Id;
        var sent = await SendAsync(Ann, "here");

        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.EditAsync(Ann, other, sent.Id, "there", Cancellation));
        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.EditAsync(Ann, Thread, sent.Id + 1000, "nowhere", Cancellation));
        await Store.RemoveParticipantAsync(Bob, Thread, Bob, Cancellation);
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.EditAsync(Bob, Thread, sent.Id, "gone", Cancellation));
    }

    [Fact]
    public async Task The_content_is_held_to_the_rules_of_sending()
    {
        var sent = await SendAsync(Ann, "kept");

        (await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.EditAsync(Ann, Thread, sent.Id, "  ", Cancellation))).Message.ShouldContain("content");
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.EditAsync(Ann, Thread, sent.Id, "a\0b", Cancellation));
        await RefusedAsync(
            ChatErrorCodes.TooLarge, async () => await Store.EditAsync(Ann, Thread, sent.Id, new string('x', StoreLimits.ContentCharacters + 1), Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.EditAsync(Ann, Thread, 0, "x", Cancellation));

        (await HistoryAsync(Ann)).ShouldHaveSingleItem().Content.ShouldBe("kept");
    }

    [Fact]
    public async Task Files_and_reactions_stay()
    {
        using var upload = new MemoryStream([.. "some text"u8]);
        var file = await Store.AddAttachmentAsync(Ann, "a.txt", "text/plain", upload, Cancellation);
        var sent = await SendAsync(Ann, "look", null, file.Id);
        await Store.ReactAsync(Bob, Thread, sent.Id, "👍", remove: false, Cancellation);

        var edited = await Store.EditAsync(Ann, Thread, sent.Id, "look here", Cancellation);

        edited.Attachments.ShouldHaveSingleItem().Id.ShouldBe(file.Id);
        edited.Reactions.ShouldHaveSingleItem().Emoji.ShouldBe("👍");
    }
}
