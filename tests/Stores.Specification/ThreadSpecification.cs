using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Shouldly;
using Xunit;

namespace Stores.Specification;

/// <summary>Making threads and listing them.</summary>
public abstract class ThreadSpecification : StoreSpecification
{
    [Fact]
    public async Task A_new_thread_is_answered_whole()
    {
        var created = await Store.CreateThreadAsync(Ann, ThreadTypes.Group, "Plans", [Bob, Cem, Bob], Cancellation);

        created.Created.ShouldBeTrue();
        var thread = created.Thread;
        thread.Id.ShouldBeGreaterThan(0);
        thread.Type.ShouldBe("group");
        thread.Title.ShouldBe("Plans");
        thread.CreatedBy.Id.ShouldBe(Ann);
        thread.CreatedBy.DisplayName.ShouldBe("Ann Ångström");
        thread.Participants.Select(p => p.Id).ShouldBe([Ann, Bob, Cem], ignoreOrder: true);
        thread.LastMessage.ShouldBeNull();
        thread.UnreadCount.ShouldBe(0);
        thread.CreatedAt.Offset.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public async Task Two_people_have_one_private_thread_whoever_asks_and_however()
    {
        var first = await Store.CreateThreadAsync(Ann, ThreadTypes.Private, null, [Cem], Cancellation);

        CreatedThread[] again =
        [
            await Store.CreateThreadAsync(Ann, ThreadTypes.Private, "other title", [Cem], Cancellation),
            await Store.CreateThreadAsync(Ann, ThreadTypes.Private, null, [Ann, Cem], Cancellation),
            await Store.CreateThreadAsync(Ann, ThreadTypes.Private, null, [Cem, Ann], Cancellation),
            await Store.CreateThreadAsync(Cem, ThreadTypes.Private, null, [Ann], Cancellation),
            await Store.CreateThreadAsync(Cem, ThreadTypes.Private, null, [Ann, Cem, Ann], Cancellation),
        ];

        first.Created.ShouldBeTrue();
        again.ShouldAllBe(t => !t.Created && t.Thread.Id == first.Thread.Id);
        (await Store.CreateThreadAsync(Bob, ThreadTypes.Private, null, [Cem], Cancellation)).Created.ShouldBeTrue();
    }

    [Fact]
    public async Task A_private_thread_that_both_ask_for_at_once_is_made_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(
            async () => await Store.CreateThreadAsync(i % 2 == 0 ? Ann : Cem, ThreadTypes.Private, null, [Ann, Cem], Cancellation), Cancellation)));

        answers.Count(a => a.Created).ShouldBe(1);
        answers.Select(a => a.Thread.Id).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_private_thread_has_exactly_one_other_participant()
    {
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.CreateThreadAsync(Ann, ThreadTypes.Private, null, [], Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.CreateThreadAsync(Ann, ThreadTypes.Private, null, [Ann], Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.CreateThreadAsync(Ann, ThreadTypes.Private, null, [Bob, Cem], Cancellation));
    }

    [Fact]
    public async Task Groups_of_the_same_people_are_different_threads()
    {
        var first = await Store.CreateThreadAsync(Ann, ThreadTypes.Group, "x", [Bob], Cancellation);
        var second = await Store.CreateThreadAsync(Ann, ThreadTypes.Group, "x", [Bob], Cancellation);

        second.Created.ShouldBeTrue();
        second.Thread.Id.ShouldNotBe(first.Thread.Id);
    }

    [Fact]
    public async Task An_unknown_participant_is_invalid_and_named()
    {
        var refusal = await RefusedAsync(
            ChatErrorCodes.Invalid,
            async () => await Store.CreateThreadAsync(Ann, ThreadTypes.Group, null, [Bob, Harness.UnknownUserId], Cancellation));

        refusal.Message.ShouldContain(Harness.UnknownUserId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        (await Store.ThreadsAsync(Bob, 1, 10, null, Cancellation)).Total.ShouldBe(1);
    }

    [Fact]
    public virtual async Task An_unknown_maker_is_forbidden() =>
        await RefusedAsync(
            ChatErrorCodes.Forbidden, async () => await Store.CreateThreadAsync(Harness.UnknownUserId, ThreadTypes.Group, null, [Bob], Cancellation));

    [Fact]
    public async Task An_unknown_type_and_too_many_participants_are_invalid()
    {
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.CreateThreadAsync(Ann, "public", null, [Bob], Cancellation));
        await RefusedAsync(
            ChatErrorCodes.Invalid,
            async () => await Store.CreateThreadAsync(Ann, ThreadTypes.Group, null, [.. Enumerable.Range(1, StoreLimits.Participants + 1)], Cancellation));
    }

    [Fact]
    public virtual async Task Threads_come_in_the_order_of_their_last_use_with_their_last_message()
    {
        var second = (await Store.CreateThreadAsync(Bob, ThreadTypes.Group, "Second", [Ann], Cancellation)).Thread.Id;
        await Store.SendAsync(new NewMessage(Bob, second, null, "in the second", ContentTypes.PlainText, []), Cancellation);
        var last = await SendAsync(Bob, "in the first");

        var page = await Store.ThreadsAsync(Ann, 1, 10, null, Cancellation);

        page.Total.ShouldBe(2);
        var first = page.Threads.Single(t => t.Id == Thread);
        first.LastMessage.ShouldNotBeNull().Id.ShouldBe(last.Id);
        first.LastMessage!.SenderName.ShouldBe("Bob");
        first.Participants.Select(p => p.Id).ShouldBe([Ann, Bob], ignoreOrder: true);
        page.Threads.Single(t => t.Id == second).LastMessage!.Content.ShouldBe("in the second");
        page.Threads.Select(t => t.UpdatedAt).ShouldBeInOrder(SortDirection.Descending);
    }

    [Fact]
    public async Task Pages_of_threads_have_every_thread_once()
    {
        for (var i = 0; i < 6; i++)
            await Store.CreateThreadAsync(Ann, ThreadTypes.Group, $"Thread {i}", [Bob], Cancellation);

        var pages = new List<ThreadPage>();
        for (var page = 1; page <= 4; page++)
            pages.Add(await Store.ThreadsAsync(Bob, page, 2, null, Cancellation));

        pages.ShouldAllBe(p => p.Total == 7);
        pages.Select(p => p.Threads.Count).ShouldBe([2, 2, 2, 1]);
        pages.SelectMany(p => p.Threads.Select(t => t.Id)).ShouldBeUnique();
        (await Store.ThreadsAsync(Bob, int.MaxValue, 100, null, Cancellation)).Threads.ShouldBeEmpty();
    }

    [Fact]
    public virtual async Task A_search_looks_at_titles_and_the_others_names()
    {
        await Store.CreateThreadAsync(Cem, ThreadTypes.Group, "Ärger über Österreich", [Bob], Cancellation);
        await Store.CreateThreadAsync(Cem, ThreadTypes.Private, null, [Ann], Cancellation);

        (await Store.ThreadsAsync(Bob, 1, 10, "TEAM", Cancellation)).Threads.ShouldHaveSingleItem().Id.ShouldBe(Thread);
        (await Store.ThreadsAsync(Cem, 1, 10, "ärger ÜBER", Cancellation)).Total.ShouldBe(1);
        (await Store.ThreadsAsync(Cem, 1, 10, "ångström", Cancellation)).Threads.ShouldHaveSingleItem().Type.ShouldBe("private");
        (await Store.ThreadsAsync(Cem, 1, 10, "cem", Cancellation)).Total.ShouldBe(0);
        (await Store.ThreadsAsync(Bob, 1, 10, "%", Cancellation)).Total.ShouldBe(0);
    }

    [Fact]
    public async Task Contacts_are_all_who_share_a_thread()
    {
        await Store.CreateThreadAsync(Ann, ThreadTypes.Private, null, [Bob], Cancellation);
        (await Store.ContactsAsync(Ann, Cancellation)).ShouldBe([Bob]);
        (await Store.ContactsAsync(Cem, Cancellation)).ShouldBeEmpty();

        await Store.CreateThreadAsync(Cem, ThreadTypes.Private, null, [Ann], Cancellation);

        (await Store.ContactsAsync(Ann, Cancellation)).ShouldBe([Bob, Cem], ignoreOrder: true);
        (await Store.ContactsAsync(Cem, Cancellation)).ShouldBe([Ann]);
        (await Store.ContactsAsync(Harness.UnknownUserId, Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Pages_that_cannot_be_are_invalid()
    {
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.ThreadsAsync(Ann, 0, 10, null, Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.ThreadsAsync(Ann, 1, 0, null, Cancellation));
    }
}
