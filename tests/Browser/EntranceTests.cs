using System.Security.Cryptography;
using System.Text;
using Microsoft.Playwright;
using Shouldly;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Chatpulse.Browser;

/// <summary>The first screen, and who is let in.</summary>
public sealed class EntranceTests(ChatServer server, Chromium chromium) : IClassFixture<ChatServer>, IClassFixture<Chromium>
{
    private const string Secret = "a secret of at least thirty-two bytes, for tests";

    [Fact]
    public async Task The_first_screen_leads_into_the_chat_and_on_to_a_second_window()
    {
        var ann = await chromium.OpenAsync(server.Url);
        await ann.Page.GetByLabel("User number").FillAsync("77");
        await ann.Page.GetByLabel("Thread number").FillAsync("88");
        await ann.Page.GetByRole(AriaRole.Button, new() { Name = "Enter the chat" }).ClickAsync();
        await Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Name = "Thread 88" })).ToBeVisibleAsync();
        await ann.SayAsync("Hello from the first window");
        await ann.SeesStoredAsync("Hello from the first window");

        var popup = await ann.Page.RunAndWaitForPopupAsync(() => ann.Page.GetByRole(AriaRole.Link, new() { Name = "Second window" }).ClickAsync());
        var other = new ChatWindow(popup);

        await other.SeesAsync("Hello from the first window");
        await Expect(other.Message("Hello from the first window").Locator(".sender")).ToHaveTextAsync("User 77");
        await ann.CloseAsync();
    }

    [Theory]
    [InlineData("?user=0&thread=1")]
    [InlineData("?user=abc&thread=1")]
    [InlineData("?user=1&thread=-4")]
    [InlineData("?user=1")]
    [InlineData("?user=99999999999999999999&thread=1")]
    [InlineData("?thread=%3Cimg%20src=x%20onerror=alert(1)%3E&user=1")]
    public async Task A_wrong_address_leads_back_with_a_reason(string query)
    {
        var window = await chromium.OpenAsync(new Uri(server.Url, query));

        await Expect(window.Page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("A user and a thread are whole numbers from 1.");
        await window.CloseAsync();
    }

    [Fact]
    public async Task A_token_lets_in_whom_it_names_and_leaves_the_address()
    {
        await using var strict = new ChatServer { Settings = { ["AUTH_MODE"] = "token", ["AUTH_SECRET"] = Secret } };
        await strict.StartAsync();
        var ann = await chromium.OpenAsync(new Uri(strict.Url, "?thread=5#token=" + Token(subject: 31, TimeSpan.FromHours(1))));

        await ann.SayAsync("It is me");
        await ann.SeesStoredAsync("It is me");
        ann.Page.Url.ShouldNotContain("token");
        await ann.Page.ReloadAsync();
        await ann.SeesAsync("It is me");
        await Expect(ann.Message("It is me")).ToHaveAttributeAsync("data-sender", "31");
        await ann.CloseAsync();
    }

    [Fact]
    public async Task Who_is_not_let_in_is_told_why()
    {
        await using var strict = new ChatServer { Settings = { ["AUTH_MODE"] = "token", ["AUTH_SECRET"] = Secret } };
        await strict.StartAsync();

        var nobody = await chromium.OpenAsync(new Uri(strict.Url, "?user=31&thread=5"));
        await Expect(nobody.Page.Locator("#entrance-error")).ToContainTextAsync("The server did not let you in");
        await nobody.Page.GetByText("I have a token").ClickAsync();
        await nobody.Page.GetByLabel("Token", new() { Exact = true }).FillAsync(Token(subject: 32, TimeSpan.FromHours(1)));
        await nobody.Page.GetByRole(AriaRole.Button, new() { Name = "Enter the chat" }).ClickAsync();
        await nobody.SayAsync("Now it works");
        await nobody.SeesStoredAsync("Now it works");

        var late = await chromium.OpenAsync(new Uri(strict.Url, "?thread=5#token=" + Token(subject: 31, TimeSpan.FromHours(-1))));
        await Expect(late.Page.Locator("#entrance-error")).ToContainTextAsync("expired");
        await nobody.CloseAsync();
        await late.CloseAsync();
    }

    private static string Token(int subject, TimeSpan lifetime)
    {
        var expires = DateTimeOffset.UtcNow.Add(lifetime).ToUnixTimeSeconds();
        var text = Encode("""{"alg":"HS256","typ":"JWT"}"""u8) + "." + Encode(Encoding.UTF8.GetBytes($$"""{"sub":"{{subject}}","exp":{{expires}}}"""));
        return text + "." + Encode(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(text)));
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
