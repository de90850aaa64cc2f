using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Shouldly;
using Xunit;

namespace Stores.Specification;

/// <summary>Paging through a thread loses nothing and repeats nothing.</summary>
public abstract class HistorySpecification : StoreSpecification
{
    [Fact]
    public async Task An_empty_thread_has_an_empty_page()
    {
        var page = await Store.HistoryAsync(Ann, Thread, null, null, 10, Cancellation);

        page.Messages.ShouldBeEmpty();
        page.HasMore.ShouldBeFalse();
    }

    [Fact]
    public async Task Without_ids_the_newest_come_oldest_first()
    {
        var sent = await SendManyAsync(Ann, 5);

        var page = await Store.HistoryAsync(Bob, Thread, null, null, 3, Cancellation);

        page.Messages.Select(m => m.Id).ShouldBe(sent[2..].Select(m => m.Id));
        page.HasMore.ShouldBeTrue();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(12)]
    [InlineData(100)]
    public async Task Paging_back_by_id_finds_every_message_once(int limit)
    {
        var sent = await SendManyAsync(Ann, 12);
        var found = new List<long>();
        long? before = null;
        MessagePage page;
        do
        {
            page = await Store.HistoryAsync(Bob, Thread, before, null, limit, Cancellation);
            found.InsertRange(0, page.Messages.Select(m => m.Id));
            before = page.Messages[0].Id;
        }
        while (page.HasMore);

        found.ShouldBe(sent.Select(m => m.Id));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(12)]
    public async Task Paging_forward_by_id_finds_every_message_once(int limit)
    {
        var sent = await SendManyAsync(Ann, 12);
        var found = new List<long>();
        long after = 0;
        MessagePage page;
        do
        {
            page = await Store.HistoryAsync(Bob, Thread, null, after, limit, Cancellation);
            found.AddRange(page.Messages.Select(m => m.Id));
            after = found[^1];
        }
        while (page.HasMore);

        found.ShouldBe(sent.Select(m => m.Id));
    }

    [Fact]
    public async Task After_the_last_message_there_is_nothing()
    {
        var last = (await SendManyAsync(Ann, 3))[^1];

        var page = await Store.HistoryAsync(Bob, Thread, null, last.Id, 10, Cancellation);

        page.Messages.ShouldBeEmpty();
        page.HasMore.ShouldBeFalse();
    }

    [Fact]
    public async Task Messages_of_other_threads_are_not_in_it()
    {
        var other = (await Store.CreateThreadAsync(Ann, ThreadTypes.Group, null, [Cem], Cancellation)).Thread.Id;
        var mine = await SendAsync(Ann, "here");
        await Store.SendAsync(new NewMessage(Ann, other, null, "there", ContentTypes.PlainText, []), Cancellation);
        var second = await SendAsync(Ann, "here again");

        var page = await Store.HistoryAsync(Bob, Thread, null, 0, 10, Cancellation);

        page.Messages.Select(m => m.Id).ShouldBe([mine.Id, second.Id]);
    }

    [Fact]
    public async Task Before_a_time_come_the_newest_that_are_older()
    {
        var sent = await SendManyAsync(Ann, 3);

        var all = await Store.HistoryBeforeTimeAsync(Bob, Thread, sent[^1].CreatedAt.AddDays(1), 2, Cancellation);
        var none = await Store.HistoryBeforeTimeAsync(Bob, Thread, sent[0].CreatedAt, 10, Cancellation);

        all.Messages.Select(m => m.Id).ShouldBe(sent[1..].Select(m => m.Id));
        all.HasMore.ShouldBeTrue();
        none.Messages.ShouldBeEmpty();
        none.HasMore.ShouldBeFalse();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public async Task A_limit_below_one_is_invalid(int limit)
    {
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.HistoryAsync(Ann, Thread, null, null, limit, Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.HistoryBeforeTimeAsync(Ann, Thread, DateTimeOffset.UnixEpoch, limit, Cancellation));
    }

    [Fact]
    public async Task A_huge_limit_is_cut_to_a_page()
    {
        await SendManyAsync(Ann, 2);

        (await Store.HistoryAsync(Ann, Thread, null, null, int.MaxValue, Cancellation)).Messages.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Ids_that_cannot_be_are_invalid()
    {
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.HistoryAsync(Ann, Thread, 0, null, 10, Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.HistoryAsync(Ann, Thread, -1, null, 10, Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.HistoryAsync(Ann, Thread, null, -1, 10, Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.HistoryAsync(Ann, Thread, 5, 1, 10, Cancellation));
    }

    [Fact]
    public async Task A_user_who_is_renamed_has_the_new_name_in_old_messages()
    {
        await SendAsync(Ann, "hello");

        await Harness.RenameUserAsync(Ann, "Anna");

        (await Store.HistoryAsync(Bob, Thread, null, null, 1, Cancellation)).Messages[0].SenderName.ShouldBe("Anna");
    }
}
