using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Shouldly;
using Xunit;

namespace Stores.Specification;

/// <summary>Text comes back as it was sent, or as the store says that it keeps it, or is refused; never obeyed.</summary>
public abstract class TextSpecification : StoreSpecification
{
    public static TheoryData<string> Texts =>
    [
        "'; DROP TABLE chatpulse_messages; --",
        "$1 ?1 :a @b %s {0} \\0 \\",
        "\"quoted\" and 'quoted' and `quoted`",
        "<script>alert(1)</script> 1 < 2 & 3",
        "👩‍👩‍👧‍👦 🏳️‍🌈 😀",
        "e\u0301 \u00e9 \u200f\u202e right to left",
        "one\ntwo\r\nthree\tfour",
        "\u0001\u001b[31m\u007f\u0085",
        "\ufffe\uffff\ufeff",
        "null",
    ];

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Content_comes_back_as_it_is_kept(string text)
    {
        var sent = await SendAsync(Ann, text, text);

        sent.Content.ShouldBe(Harness.KeptContent(text));
        (await Store.HistoryAsync(Bob, Thread, null, null, 10, Cancellation)).Messages.ShouldHaveSingleItem().Content.ShouldBe(Harness.KeptContent(text));
        (await SendAsync(Ann, text, text)).Id.ShouldBe(sent.Id);
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Searching_for_anything_is_only_a_search(string text)
    {
        (await Store.UsersAsync(new UserQuery(text, [], [], 10), Cancellation)).ShouldBeEmpty();
        (await Store.ThreadsAsync(Ann, 1, 10, text, Cancellation)).Total.ShouldBe(0);
        (await Store.UsersAsync(new UserQuery(null, [], [], 10), Cancellation)).Count.ShouldBeGreaterThanOrEqualTo(3);
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task A_title_comes_back_as_it_is_kept_and_is_found(string text)
    {
        var made = (await Store.CreateThreadAsync(Ann, ThreadTypes.Group, text, [Bob], Cancellation)).Thread;

        made.Title.ShouldBe(Harness.KeptTitle(text));
        var found = await Store.ThreadsAsync(Bob, 1, 10, made.Title, Cancellation);
        found.Threads.ShouldHaveSingleItem().Title.ShouldBe(made.Title);
    }

    // Given as UTF-16 units, because a lone surrogate does not survive the way through a test runner.
    [Theory]
    [InlineData(new int[] { 0x61, 0x0000, 0x62 })]
    [InlineData(new int[] { 0xD800 })]
    [InlineData(new int[] { 0xDC00 })]
    [InlineData(new int[] { 0xDE00, 0xD83D })]
    [InlineData(new int[] { 0x61, 0xD83D, 0x62 })]
    [InlineData(new int[] { 0xD83D, 0xDE00, 0xD83D })]
    public async Task Text_that_is_none_is_invalid_and_names_the_field(int[] units)
    {
        var text = string.Concat(units.Select(unit => (char)unit));

        (await RefusedAsync(ChatErrorCodes.Invalid, () => SendAsync(Ann, text))).Message.ShouldContain("content");
        (await RefusedAsync(ChatErrorCodes.Invalid, () => SendAsync(Ann, "x", text))).Message.ShouldContain("tempId");
        (await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.CreateThreadAsync(Ann, ThreadTypes.Group, text, [Bob], Cancellation))).Message.ShouldContain("title");
        (await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.UsersAsync(new UserQuery(text, [], [], 10), Cancellation))).Message.ShouldContain("search");
        (await Store.HistoryAsync(Ann, Thread, null, null, 10, Cancellation)).Messages.ShouldBeEmpty();
    }

    [Fact]
    public virtual async Task Content_has_one_to_ten_thousand_characters()
    {
        var longest = new string('x', StoreLimits.ContentCharacters);
        var emoji = string.Concat(Enumerable.Repeat("😀", StoreLimits.ContentCharacters));

        (await SendAsync(Ann, longest)).Content.ShouldBe(longest);
        (await SendAsync(Ann, emoji)).Content.ShouldBe(emoji);
        await RefusedAsync(ChatErrorCodes.TooLarge, () => SendAsync(Ann, longest + "x"));
        await RefusedAsync(ChatErrorCodes.TooLarge, () => SendAsync(Ann, emoji + "x"));
        await RefusedAsync(ChatErrorCodes.Invalid, () => SendAsync(Ann, ""));
        await RefusedAsync(ChatErrorCodes.Invalid, () => SendAsync(Ann, " \t\n"));
    }

    [Fact]
    public async Task What_is_too_long_or_unknown_is_invalid()
    {
        await RefusedAsync(ChatErrorCodes.Invalid, () => SendAsync(Ann, "x", ""));
        await RefusedAsync(ChatErrorCodes.Invalid, () => SendAsync(Ann, "x", new string('t', StoreLimits.TempIdLength + 1)));
        await RefusedAsync(ChatErrorCodes.Invalid, async () => await Store.SendAsync(new NewMessage(Ann, Thread, null, "x", "text/html", []), Cancellation));
        await RefusedAsync(
            ChatErrorCodes.Invalid,
            async () => await Store.CreateThreadAsync(Ann, ThreadTypes.Group, new string('t', StoreLimits.TitleLength + 1), [Bob], Cancellation));
        await RefusedAsync(
            ChatErrorCodes.Invalid, async () => await Store.UsersAsync(new UserQuery(new string('s', StoreLimits.SearchLength + 1), [], [], 10), Cancellation));
    }
}
