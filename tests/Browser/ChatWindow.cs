using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Shouldly;

namespace Chatpulse.Browser;

/// <summary>One window with the chat page in it, in the words of somebody who uses it.</summary>
public sealed class ChatWindow
{
    private readonly ConcurrentQueue<string> complaints = new();

    public ChatWindow(IPage page)
    {
        Page = page;
        page.PageError += (_, error) => complaints.Enqueue(error);
        page.Dialog += (_, dialog) =>
        {
            complaints.Enqueue("dialog: " + dialog.Message);
            _ = dialog.DismissAsync();
        };
        page.Console += (_, message) =>
        {
            if (message.Type is "error" && !IsOvertakenPoll(message))
                complaints.Enqueue(message.Text);
        };
    }

    public IPage Page { get; }

    public ILocator Messages => Page.Locator(".message");

    public ILocator Draft => Page.GetByLabel("Message", new() { Exact = true });

    public ILocator Typing => Page.Locator("#typing");

    public ILocator Banner => Page.Locator("#banner");

    /// <summary>Script errors, refused scripts and dialogs so far; failed requests are left out, as servers come and go here.</summary>
    public IReadOnlyList<string> Complaints => [.. complaints.Where(text => !IsFailedRequest(text))];

    /// <summary>The message with exactly this text.</summary>
    public ILocator Message(string content) =>
        Messages.Filter(new() { Has = Page.Locator(".content", new() { HasTextRegex = new Regex($"^{Regex.Escape(content)}$", RegexOptions.None, TimeSpan.FromSeconds(1)) }) });

    /// <summary>The sign of somebody else in the head of the page.</summary>
    public ILocator Person(int userId) => Page.Locator($"#people .person[title^='User {userId}']");

    public async Task SayAsync(string content)
    {
        await Draft.FillAsync(content);
        await Draft.PressAsync("Enter");
    }

    public Task SeesAsync(string content) => Assertions.Expect(Message(content)).ToBeVisibleAsync();

    /// <summary>Waits for what an own message says of itself: <c>sending</c>, <c>sent</c>, <c>delivered</c>, <c>read</c>, <c>failed</c>.</summary>
    public Task SeesStateAsync(string content, string state) => Assertions.Expect(Message(content)).ToHaveAttributeAsync("data-state", state);

    /// <summary>Waits until an own message is stored; what somebody else's device has made of it since does not matter.</summary>
    public Task SeesStoredAsync(string content) =>
        Assertions.Expect(Message(content).And(Page.Locator("[data-state=sent], [data-state=delivered], [data-state=read]"))).ToBeVisibleAsync();

    /// <summary>Waits until somebody is <c>online</c>, <c>away</c> or <c>offline</c>.</summary>
    public Task SeesPersonAsync(int userId, string status) => Assertions.Expect(Person(userId)).ToHaveAttributeAsync("data-status", status);

    public async Task<IReadOnlyList<string>> TextsAsync() => await Page.Locator(".message .content").AllTextContentsAsync();

    public async Task CloseAsync()
    {
        Complaints.ShouldBeEmpty();
        await Page.Context.CloseAsync();
    }

    // A WebSocket that is being opened when the server goes has no error number, only words.
    private static bool IsFailedRequest(string text) =>
        text.Contains("net::ERR", StringComparison.Ordinal) || text.StartsWith("WebSocket connection to ", StringComparison.Ordinal);

    // A client that was refused polls once more and ends its session at the same time, on two connections: a poll that
    // arrives second finds no session, with any server.
    private static bool IsOvertakenPoll(IConsoleMessage message) =>
        message.Text.Contains("status of 400", StringComparison.Ordinal)
        && message.Location.Contains("/socket.io/?", StringComparison.Ordinal)
        && message.Location.Contains("transport=polling", StringComparison.Ordinal)
        && message.Location.Contains("&sid=", StringComparison.Ordinal);
}
