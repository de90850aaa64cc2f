using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Shouldly;
using Xunit;

namespace Stores.Specification;

/// <summary>Emoji on a message: each once a person, in the order in which they came.</summary>
public abstract class ReactionSpecification : StoreSpecification
{
    [Fact]
    public async Task Reactions_come_in_the_order_of_their_first_use_with_those_who_made_them()
    {
        var sent = await SendAsync(Ann, "hello");
        await ReactAsync(Bob, sent, "👍");
        await ReactAsync(Bob, sent, "❤️");
        await ReactAsync(Ann, sent, "🎉");

        var reacted = await ReactAsync(Ann, sent, "👍");

        ShouldHave(reacted, ("👍", [Bob, Ann]), ("❤️", [Bob]), ("🎉", [Ann]));
        ShouldHave((await HistoryAsync(Bob)).ShouldHaveSingleItem(), ("👍", [Bob, Ann]), ("❤️", [Bob]), ("🎉", [Ann]));
        (reacted.Content, reacted.EditedAt, reacted.Status).ShouldBe(("hello", null, "sent"));
    }

    [Fact]
    public async Task The_same_again_stays_as_it_is()
    {
        var sent = await SendAsync(Ann, "hello");

        await ReactAsync(Bob, sent, "👍");

        ShouldHave(await ReactAsync(Bob, sent, "👍"), ("👍", [Bob]));
        ShouldHave(await RemoveAsync(Ann, sent, "👍"), ("👍", [Bob]));
        ShouldHave(await RemoveAsync(Ann, sent, "🎉"), ("👍", [Bob]));
    }

    [Fact]
    public async Task Everybody_takes_their_own_away()
    {
        var sent = await SendAsync(Ann, "hello");
        await ReactAsync(Ann, sent, "👍");
        await ReactAsync(Bob, sent, "👍");

        ShouldHave(await RemoveAsync(Bob, sent, "👍"), ("👍", [Ann]));
        ShouldHave(await RemoveAsync(Ann, sent, "👍"));
        (await HistoryAsync(Bob)).ShouldHaveSingleItem().Reactions.ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_at_once_are_counted_once_each()
    {
        var sent = await SendAsync(Ann, "hello");

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => ReactAsync(i % 2 == 0 ? Ann : Bob, sent, "👍"), Cancellation)));

        (await HistoryAsync(Bob)).ShouldHaveSingleItem().Reactions.ShouldHaveSingleItem().UserIds.ShouldBe([Ann, Bob], ignoreOrder: true);
    }

    [Fact]
    public async Task Each_message_has_its_own()
    {
        var sent = await SendManyAsync(Ann, 3);
        await ReactAsync(Bob, sent[0], "👍");
        await ReactAsync(Bob, sent[2], "🎉");

        var history = await HistoryAsync(Ann);

        history.Select(m => m.Reactions.Count).ShouldBe([1, 0, 1]);
        (await Store.ThreadsAsync(Ann, 1, 10, null, Cancellation)).Threads.Single(t => t.Id == Thread).LastMessage!.Id.ShouldBe(sent[2].Id);
    }

    [Theory]
    [InlineData("👍")]
    [InlineData("👍🏽")]
    [InlineData("❤️")]
    [InlineData("❤")]
    [InlineData("👩‍👩‍👧‍👦")]
    [InlineData("🏳️‍🌈")]
    [InlineData("👩🏾‍❤️‍💋‍👨🏻")]
    [InlineData("🇹🇷")]
    [InlineData("🏴󠁧󠁢󠁳󠁣󠁴󠁿")]
    [InlineData("1️⃣")]
    [InlineData("#️⃣")]
    [InlineData("‼️")]
    [InlineData("ℹ️")]
    [InlineData("↔️")]
    [InlineData("⭐")]
    [InlineData("㊗️")]
    public async Task An_emoji_comes_back_as_it_was_given(string emoji)
    {
        var sent = await SendAsync(Ann, "hello");

        ShouldHave(await ReactAsync(Bob, sent, emoji), (emoji, [Bob]));
        ShouldHave((await HistoryAsync(Ann)).ShouldHaveSingleItem(), (emoji, [Bob]));
        (await RemoveAsync(Bob, sent, emoji)).Reactions.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("\n")]
    [InlineData("a")]
    [InlineData("ä")]
    [InlineData("字")]
    [InlineData("7")]
    [InlineData("#")]
    [InlineData("<")]
    [InlineData("👍👍")]
    [InlineData("👍 ")]
    [InlineData(":thumbsup:")]
    [InlineData("\u200d")]
    [InlineData("\ufe0f")]
    [InlineData("a\ufe0f")]
    [InlineData("👍\u0301\u0302\u0303")]
    [InlineData("\u0001")]
    public async Task What_is_not_one_emoji_is_invalid(string emoji)
    {
        var sent = await SendAsync(Ann, "hello");

        (await RefusedAsync(ChatErrorCodes.Invalid, () => ReactAsync(Bob, sent, emoji))).Message.ShouldContain("emoji");
        await RefusedAsync(ChatErrorCodes.Invalid, () => RemoveAsync(Bob, sent, emoji));
    }

    [Fact]
    public async Task An_endless_emoji_is_invalid()
    {
        var sent = await SendAsync(Ann, "hello");

        await RefusedAsync(ChatErrorCodes.Invalid, () => ReactAsync(Bob, sent, string.Join('\u200d', Enumerable.Repeat("👩", 100))));
    }

    [Fact]
    public async Task A_message_has_a_bounded_number_of_emoji()
    {
        var sent = await SendAsync(Ann, "hello");
        var emoji = Enumerable.Range(0x1F600, StoreLimits.EmojiPerMessage + 1).Select(char.ConvertFromUtf32).ToArray();
        foreach (var one in emoji[..^1])
            await ReactAsync(Bob, sent, one);

        await RefusedAsync(ChatErrorCodes.TooLarge, () => ReactAsync(Ann, sent, emoji[^1]));

        ShouldHave(await ReactAsync(Ann, sent, emoji[0]), [.. emoji[..^1].Select((one, i) => (one, i == 0 ? new[] { Bob, Ann } : [Bob]))]);
        await RemoveAsync(Bob, sent, emoji[1]);
        (await ReactAsync(Ann, sent, emoji[^1])).Reactions.Count.ShouldBe(StoreLimits.EmojiPerMessage);
    }

    [Fact]
    public async Task Only_members_and_only_on_what_is_there()
    {
        var other = (await Store.CreateThreadAsync(Ann, ThreadTypes.Group, null, [Bob], Cancellation)).Thread.Id;
        var sent = await SendAsync(Ann, "hello");

        await RefusedAsync(ChatErrorCodes.Forbidden, () => ReactAsync(Cem, sent, "👍"));
        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.ReactAsync(Bob, other, sent.Id, "👍", remove: false, Cancellation));
        await RefusedAsync(ChatErrorCodes.NotFound, async () => await Store.ReactAsync(Bob, Thread, sent.Id + 1000, "👍", remove: false, Cancellation));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.ReactAsync(Bob, Thread, 0, "👍", remove: false, Cancellation));
    }

    private async Task<ChatMessage> ReactAsync(long user, ChatMessage message, string emoji) =>
        await Store.ReactAsync(user, Thread, message.Id, emoji, remove: false, Cancellation);

    private async Task<ChatMessage> RemoveAsync(long user, ChatMessage message, string emoji) =>
        await Store.ReactAsync(user, Thread, message.Id, emoji, remove: true, Cancellation);

    private static void ShouldHave(ChatMessage message, params (string Emoji, long[] UserIds)[] reactions)
    {
        message.Reactions.Select(reaction => reaction.Emoji).ShouldBe(reactions.Select(reaction => reaction.Emoji));
        message.Reactions.Select(reaction => reaction.UserIds.ToArray()).ShouldBe(reactions.Select(reaction => reaction.UserIds));
    }
}
