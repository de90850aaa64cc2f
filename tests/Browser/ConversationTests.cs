using System.Globalization;
using Microsoft.Playwright;
using Shouldly;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Chatpulse.Browser;

/// <summary>Two windows, two users, one thread.</summary>
public sealed class ConversationTests(ChatServer server, Chromium chromium) : IClassFixture<ChatServer>, IClassFixture<Chromium>
{
    private const string Chat = "document.getElementById('chat').shadowRoot";
    private static int lastThread = 1000;
    private readonly int thread = Interlocked.Increment(ref lastThread);

    [Fact]
    public async Task Two_people_talk()
    {
        var (ann, bob) = await EnterBothAsync();

        await ann.SayAsync("Good morning!");
        await bob.SeesAsync("Good morning!");
        await bob.SayAsync("Good morning to you.");
        await ann.SeesAsync("Good morning to you.");

        await Expect(bob.Message("Good morning!").Locator(".sender")).ToHaveTextAsync("User 123");
        (await ann.TextsAsync()).ShouldBe(["Good morning!", "Good morning to you."]);
        (await bob.TextsAsync()).ShouldBe(["Good morning!", "Good morning to you."]);
        await CloseAsync(ann, bob);
    }

    [Fact]
    public async Task A_message_is_marked_when_it_is_read()
    {
        var ann = await chromium.EnterAsync(server, 123, thread);
        await ann.SayAsync("Are you there?");
        await ann.SeesStoredAsync("Are you there?");

        var bob = await chromium.EnterAsync(server, 124, thread);

        await bob.SeesAsync("Are you there?");
        await ann.SeesStateAsync("Are you there?", "read");
        await Expect(ann.Message("Are you there?").Locator(".state")).ToHaveAttributeAsync("aria-label", "Read by User 124");
        await ann.Page.ReloadAsync();
        await ann.SeesStateAsync("Are you there?", "read");
        await CloseAsync(ann, bob);
    }

    [Fact]
    public async Task Typing_shows_and_goes()
    {
        var (ann, bob) = await EnterBothAsync();

        await ann.Draft.PressSequentiallyAsync("Well");
        await Expect(bob.Typing).ToHaveTextAsync("User 123 is typing");
        await ann.Draft.FillAsync("");
        await Expect(bob.Typing).ToBeEmptyAsync();

        await ann.Draft.PressSequentiallyAsync("Well, yes");
        await Expect(bob.Typing).ToHaveTextAsync("User 123 is typing");
        await ann.Draft.PressAsync("Enter");
        await bob.SeesAsync("Well, yes");
        await Expect(bob.Typing).ToBeEmptyAsync();
        await Expect(ann.Typing).ToBeEmptyAsync();
        await CloseAsync(ann, bob);
    }

    [Fact]
    public async Task Who_comes_and_goes_is_seen()
    {
        var ann = await chromium.EnterAsync(server, 123, thread);
        var bob = await chromium.EnterAsync(server, 124, thread);

        await ann.SeesPersonAsync(124, "online");
        await bob.SeesPersonAsync(123, "online");
        await bob.CloseAsync();
        await ann.SeesPersonAsync(124, "offline");
        await ann.CloseAsync();
    }

    [Theory]
    [InlineData("<img src=x onerror=alert(1)>")]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("\"><svg onload=alert(1)>")]
    [InlineData("javascript:alert(1) &lt;b&gt; \\u003cb\\u003e")]
    public async Task What_people_write_is_text(string attack)
    {
        var (ann, bob) = await EnterBothAsync();

        await ann.SayAsync(attack);

        foreach (var window in (ChatWindow[])[ann, bob])
        {
            await window.SeesAsync(attack);
            (await window.Page.Locator("#messages .content *").CountAsync()).ShouldBe(0);
        }

        await CloseAsync(ann, bob);
    }

    [Fact]
    public async Task Addresses_become_links_that_open_elsewhere()
    {
        var ann = await chromium.EnterAsync(server, 123, thread);

        await ann.SayAsync("See https://example.com/a?b=1, please.");

        var link = ann.Page.Locator(".content a");
        await Expect(link).ToHaveAttributeAsync("href", "https://example.com/a?b=1");
        await Expect(link).ToHaveAttributeAsync("rel", "noopener noreferrer nofollow");
        await ann.CloseAsync();
    }

    [Fact]
    public async Task Shift_and_enter_start_a_line_and_enter_sends()
    {
        var ann = await chromium.EnterAsync(server, 123, thread);

        await ann.Draft.PressSequentiallyAsync("one");
        await ann.Draft.PressAsync("Shift+Enter");
        await ann.Draft.PressSequentiallyAsync("two");
        await Expect(ann.Messages).ToHaveCountAsync(0);
        await ann.Draft.PressAsync("Enter");

        await Expect(ann.Messages).ToHaveCountAsync(1);
        (await ann.TextsAsync()).ShouldBe(["one\ntwo"]);
        await Expect(ann.Draft).ToHaveValueAsync("");
        await ann.CloseAsync();
    }

    [Fact]
    public async Task A_refused_message_says_why_and_can_be_deleted()
    {
        var ann = await chromium.EnterAsync(server, 123, thread);
        await ann.Draft.EvaluateAsync("element => element.removeAttribute('maxlength')");

        await ann.SayAsync(new string('x', 10_001));

        var message = ann.Messages.Last;
        await Expect(message).ToHaveAttributeAsync("data-state", "failed");
        await Expect(message.Locator(".reason")).ToContainTextAsync("at most 10000 characters");
        await message.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await Expect(ann.Messages).ToHaveCountAsync(0);
        await ann.CloseAsync();
    }

    [Fact]
    public async Task A_long_conversation_does_not_grow_the_page_and_can_be_scrolled_back()
    {
        var ann = await chromium.EnterAsync(server, 123, thread);
        await ann.SayAsync("first");
        await ann.SeesStoredAsync("first");

        await server.WriteAsync(124, thread, Enumerable.Range(1, 620).Select(number => $"number {number}"));
        await ann.SeesAsync("number 620");

        var kept = await ann.TextsAsync();
        kept.Count.ShouldBeInRange(500, 550);
        await Expect(ann.Page.Locator("#messages > .divider.day")).ToHaveCountAsync(1);

        // Not a click with the mouse: that scrolls to the button first, which loads older messages too and moves the button away again.
        await ann.Page.Locator("#older").DispatchEventAsync("click");
        await Expect(ann.Messages.Nth(kept.Count)).ToBeAttachedAsync();
        var numbers = (await ann.TextsAsync())
            .Where(text => text is not "first")
            .Select(text => int.Parse(text["number ".Length..], CultureInfo.InvariantCulture))
            .ToArray();
        numbers.ShouldBe(Enumerable.Range(numbers[0], numbers.Length));
        numbers[^1].ShouldBe(620);
        await ann.CloseAsync();
    }

    [Fact]
    public async Task Older_messages_come_when_scrolled_to_and_nothing_jumps()
    {
        await server.WriteAsync(124, thread, Enumerable.Range(1, 120).Select(number => $"number {number}"));
        var ann = await chromium.EnterAsync(server, 123, thread);
        await ann.SeesAsync("number 120");
        await Expect(ann.Message("number 120")).ToBeInViewportAsync();
        await Expect(ann.Messages).ToHaveCountAsync(50);

        var first = await ann.Page.EvaluateAsync<float>($"() => {{ {Chat}.getElementById('scroller').scrollTop = 0; return {Chat}.querySelector('.message').getBoundingClientRect().top; }}");
        await ann.Page.WaitForFunctionAsync($"() => {Chat}.querySelectorAll('.message').length >= 100");
        var later = await ann.Page.EvaluateAsync<float>($"() => {Chat}.querySelector('.message[data-id]:nth-last-child(50)').getBoundingClientRect().top");

        Math.Abs(later - first).ShouldBeLessThan(120, "the message that was being read stays where it is, but for the day above the first one");
        await ann.Page.EvaluateAsync($"() => {Chat}.getElementById('scroller').scrollTop = 0");
        await Expect(ann.Messages).ToHaveCountAsync(120);
        (await ann.TextsAsync()).ShouldBe(Enumerable.Range(1, 120).Select(number => $"number {number}"));
        await Expect(ann.Page.Locator("#older")).ToBeHiddenAsync();
        await ann.CloseAsync();
    }

    [Fact]
    public async Task What_comes_while_nobody_looks_is_divided_off_counted_and_not_read()
    {
        var (ann, bob) = await EnterBothAsync();
        await ann.SayAsync("before");
        await bob.SeesAsync("before");
        await bob.Page.EvaluateAsync("() => { document.hasFocus = () => false; dispatchEvent(new Event('blur')); }");

        await ann.SayAsync("after");
        await bob.SeesAsync("after");
        await Expect(bob.Page.Locator(".divider.unread + .message .content")).ToHaveTextAsync("after");
        await Expect(bob.Page).ToHaveTitleAsync($"(1) Thread {thread} · Chatpulse");
        await ann.SeesStateAsync("after", "delivered");

        await bob.Page.EvaluateAsync("() => { document.hasFocus = () => true; dispatchEvent(new Event('focus')); }");
        await Expect(bob.Page).ToHaveTitleAsync($"Thread {thread} · Chatpulse");
        await ann.SeesStateAsync("after", "read");
        await CloseAsync(ann, bob);
    }

    [Fact]
    public async Task On_a_phone_nothing_is_wider_than_the_screen()
    {
        foreach (var userId in Enumerable.Range(130, 9))
            await server.WriteAsync(userId, thread, ["one of a crowd"]);
        var phone = await chromium.EnterAsync(server, 123, thread, new() { ViewportSize = new() { Width = 320, Height = 560 }, IsMobile = true, HasTouch = true });

        await phone.Draft.FillAsync(new string('w', 300));
        await phone.Page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();

        await phone.SeesStoredAsync(new string('w', 300));
        (await phone.Page.EvaluateAsync<bool>($"() => document.documentElement.scrollWidth <= innerWidth && {Chat}.querySelector('.bar').scrollWidth <= innerWidth && {Chat}.getElementById('scroller').scrollWidth <= {Chat}.getElementById('scroller').clientWidth")).ShouldBeTrue();
        await phone.CloseAsync();
    }

    /// <summary>With <c>CHATPULSE_SCREENSHOT</c> set to a path, also draws the picture of the README.</summary>
    [Fact]
    public async Task The_page_in_the_light_and_in_the_dark()
    {
        var size = new ViewportSize { Width = 560, Height = 640 };
        const int Thread = 456;
        var ann = await chromium.EnterAsync(server, 123, Thread, new() { ViewportSize = size, DeviceScaleFactor = 2, ColorScheme = ColorScheme.Light });
        var bob = await chromium.EnterAsync(server, 124, Thread, new() { ViewportSize = size, DeviceScaleFactor = 2, ColorScheme = ColorScheme.Dark });
        await ann.SayAsync("Morning! Is the new chat server up?");
        await bob.SeesAsync("Morning! Is the new chat server up?");
        await bob.SayAsync("Since half past eight. I restarted it twice while you were typing.");
        await bob.SayAsync("Did you notice?");
        await ann.SeesAsync("Did you notice?");
        await ann.SayAsync("Not at all, every message came through once.");
        await bob.SeesAsync("Not at all, every message came through once.");
        await bob.SayAsync("That was the plan. And <b>this</b> is just text.");
        await ann.SeesAsync("That was the plan. And <b>this</b> is just text.");
        await bob.SeesStateAsync("That was the plan. And <b>this</b> is just text.", "read");
        await ann.Draft.PressSequentiallyAsync("Lovely");
        await Expect(bob.Typing).ToHaveTextAsync("User 123 is typing");

        const string Background = $"() => getComputedStyle({Chat}.querySelector('.chat')).backgroundColor";
        (await ann.Page.EvaluateAsync<string>(Background)).ShouldBe("rgb(255, 255, 255)");
        (await bob.Page.EvaluateAsync<string>(Background)).ShouldBe("rgb(26, 29, 40)");
        if (Environment.GetEnvironmentVariable("CHATPULSE_SCREENSHOT") is { Length: > 0 } path)
            await DrawSideBySideAsync(path, ann, bob);
        await CloseAsync(ann, bob);
    }

    private async Task DrawSideBySideAsync(string path, params ChatWindow[] windows)
    {
        var pictures = new List<string>();
        foreach (var window in windows)
            pictures.Add("data:image/png;base64," + Convert.ToBase64String(await window.Page.ScreenshotAsync(new() { Animations = ScreenshotAnimations.Disabled })));

        await using var context = await chromium.Browser.NewContextAsync(new() { ViewportSize = new() { Width = 1200, Height = 704 }, DeviceScaleFactor = 1.5f });
        var page = await context.NewPageAsync();
        await page.SetContentAsync("<body style='margin:0;padding:32px;display:flex;gap:16px;background:linear-gradient(120deg,#c7d2fe,#e9d5ff)'>"
            + string.Concat(pictures.Select(picture => $"<img style='width:560px;height:640px;border-radius:14px;box-shadow:0 14px 36px rgb(30 27 75/35%)' src='{picture}'>")));
        await page.ScreenshotAsync(new() { Path = path });
    }

    private async Task<(ChatWindow Ann, ChatWindow Bob)> EnterBothAsync()
    {
        var ann = await chromium.EnterAsync(server, 123, thread);
        var bob = await chromium.EnterAsync(server, 124, thread);
        await ann.SeesPersonAsync(124, "online");
        return (ann, bob);
    }

    private static async Task CloseAsync(params ChatWindow[] windows)
    {
        foreach (var window in windows)
            await window.CloseAsync();
    }
}
