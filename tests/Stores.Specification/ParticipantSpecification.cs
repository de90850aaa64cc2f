using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Shouldly;
using Xunit;

namespace Stores.Specification;

/// <summary>Who comes into a group and who goes, and that it counts at once.</summary>
public abstract class ParticipantSpecification : StoreSpecification
{
    [Fact]
    public async Task The_participants_are_known_to_each_other()
    {
        (await Store.ParticipantsAsync(Bob, Thread, Cancellation)).Select(p => (p.Id, p.DisplayName))
            .ShouldBe([(Ann, "Ann Ångström"), (Bob, "Bob")], ignoreOrder: true);
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.ParticipantsAsync(Cem, Thread, Cancellation));
        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.ParticipantsAsync(Ann, Harness.UnknownThreadId, Cancellation));
    }

    [Fact]
    public async Task Whoever_is_taken_in_may_do_everything_at_once()
    {
        var sent = await SendAsync(Ann, "hello");
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.CheckAccessAsync(Cem, Thread, Cancellation));

        var thread = await Store.AddParticipantsAsync(Ann, Thread, [Cem, Bob], Cancellation);

        thread.Id.ShouldBe(Thread);
        thread.Participants.Select(p => p.Id).ShouldBe([Ann, Bob, Cem], ignoreOrder: true);
        await Store.CheckAccessAsync(Cem, Thread, Cancellation);
        (await HistoryAsync(Cem)).ShouldHaveSingleItem().Id.ShouldBe(sent.Id);
        (await SendAsync(Cem, "thanks")).SenderId.ShouldBe(Cem);
        (await Store.ThreadsAsync(Cem, 1, 10, null, Cancellation)).Threads.ShouldHaveSingleItem().Id.ShouldBe(Thread);
        (await Store.ContactsAsync(Cem, Cancellation)).ShouldBe([Ann, Bob], ignoreOrder: true);
    }

    [Fact]
    public async Task Whoever_is_taken_out_is_refused_everything_at_once()
    {
        var sent = await SendAsync(Bob, "hello");
        await Store.CheckAccessAsync(Bob, Thread, Cancellation);
        await Store.CheckMembershipAsync(Bob, Thread, Cancellation);

        await Store.RemoveParticipantAsync(Ann, Thread, Bob, Cancellation);

        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.CheckAccessAsync(Bob, Thread, Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.CheckMembershipAsync(Bob, Thread, Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, () => SendAsync(Bob, "again"));
        await RefusedAsync(ChatErrorCodes.Forbidden, () => HistoryAsync(Bob));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.MarkReadAsync(Bob, Thread, null, Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.MarkDeliveredAsync(Bob, Thread, [sent.Id], Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.EditAsync(Bob, Thread, sent.Id, "changed", Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.DeleteAsync(Bob, Thread, sent.Id, Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.ReactAsync(Bob, Thread, sent.Id, "👍", remove: false, Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.ReceiptsAsync(Bob, sent.Id, Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.ParticipantsAsync(Bob, Thread, Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.AddParticipantsAsync(Bob, Thread, [Bob], Cancellation));
        (await Store.ThreadsAsync(Bob, 1, 10, null, Cancellation)).Total.ShouldBe(0);
        (await Store.ContactsAsync(Bob, Cancellation)).ShouldBeEmpty();
        (await Store.ParticipantsAsync(Ann, Thread, Cancellation)).ShouldHaveSingleItem().Id.ShouldBe(Ann);
        (await HistoryAsync(Ann)).ShouldHaveSingleItem().SenderName.ShouldBe("Bob");
    }

    [Fact]
    public async Task Whoever_comes_back_finds_read_what_they_had_read()
    {
        var sent = await SendManyAsync(Ann, 3);
        await SendAsync(Bob, "mine");
        await Store.MarkReadAsync(Bob, Thread, [sent[0].Id, sent[1].Id], Cancellation);
        await Store.RemoveParticipantAsync(Ann, Thread, Bob, Cancellation);
        await Store.DeleteAsync(Ann, Thread, sent[0].Id, Cancellation);

        await Store.AddParticipantsAsync(Ann, Thread, [Bob], Cancellation);

        await Store.CheckAccessAsync(Bob, Thread, Cancellation);
        (await UnreadAsync(Bob)).ShouldBe(1);
        (await Store.MarkReadAsync(Bob, Thread, null, Cancellation)).Receipts.ShouldHaveSingleItem().MessageId.ShouldBe(sent[2].Id);
        (await UnreadAsync(Bob)).ShouldBe(0);
    }

    [Fact]
    public async Task Everybody_may_leave()
    {
        await Store.RemoveParticipantAsync(Bob, Thread, Bob, Cancellation);

        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.CheckAccessAsync(Bob, Thread, Cancellation));
    }

    [Fact]
    public async Task Others_than_the_maker_change_nothing()
    {
        await Store.AddParticipantsAsync(Ann, Thread, [Cem], Cancellation);
        var dan = await Harness.AddUserAsync("Dan");

        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.AddParticipantsAsync(Bob, Thread, [dan], Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.AddParticipantsAsync(dan, Thread, [dan], Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.RemoveParticipantAsync(Bob, Thread, Cem, Cancellation));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.RemoveParticipantAsync(dan, Thread, Cem, Cancellation));

        (await Store.ParticipantsAsync(Ann, Thread, Cancellation)).Select(p => p.Id).ShouldBe([Ann, Bob, Cem], ignoreOrder: true);
    }

    [Fact]
    public async Task Who_is_in_a_private_thread_stays()
    {
        var made = (await Store.CreateThreadAsync(Ann, ThreadTypes.Private, null, [Cem], Cancellation)).Thread.Id;

        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.AddParticipantsAsync(Ann, made, [Bob], Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.RemoveParticipantAsync(Ann, made, Cem, Cancellation));

        (await Store.ParticipantsAsync(Cem, made, Cancellation)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Somebody_unknown_is_invalid_and_nobody_is_taken_in()
    {
        var refusal = await RefusedAsync(
            ChatErrorCodes.Invalid, async () => await Store.AddParticipantsAsync(Ann, Thread, [Cem, Harness.UnknownUserId], Cancellation));

        refusal.Message.ShouldContain(Harness.UnknownUserId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        (await Store.ParticipantsAsync(Ann, Thread, Cancellation)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task What_others_have_changed_is_looked_up_again()
    {
        await Store.CheckAccessAsync(Bob, Thread, Cancellation);

        Store.ParticipantsChanged(Thread, [Ann], [Cem]);

        await Store.CheckAccessAsync(Bob, Thread, Cancellation);
        await Store.CheckAccessAsync(Ann, Thread, Cancellation);
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await Store.CheckAccessAsync(Cem, Thread, Cancellation));
    }

    [Fact]
    public async Task Lists_that_cannot_be_are_invalid()
    {
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.AddParticipantsAsync(Ann, Thread, [0], Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.RemoveParticipantAsync(Ann, Thread, -1, Cancellation));
        await RefusedAsync(
            ChatErrorCodes.Invalid,
            async () => await Store.AddParticipantsAsync(Ann, Thread, [.. Enumerable.Range(1, StoreLimits.Participants + 1)], Cancellation));
    }
}
