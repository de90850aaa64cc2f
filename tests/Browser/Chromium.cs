using Microsoft.Playwright;
using Xunit;

namespace Chatpulse.Browser;

/// <summary>Debian's Chromium, driven by Playwright; one for all tests of a class, with a fresh profile for every window.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Executable = "/usr/bin/chromium";
    private const float PatienceInMilliseconds = 60_000;
    private static readonly string[] Arguments =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    private IPlaywright playwright = null!;

    public IBrowser Browser { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Executable))
            throw new FileNotFoundException($"The browser tests need Chromium at {Executable}. Install it: apt-get install chromium (test.sh does that by itself).");
        playwright = await Playwright.CreateAsync();
        // A busy machine is no reason to fail, nor is one that reads the browser from its disk for the first time.
        Assertions.SetDefaultExpectTimeout(PatienceInMilliseconds);
        Browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Executable, Args = Arguments, Timeout = 2 * PatienceInMilliseconds });
    }

    /// <summary>Opens a window with nothing in common with the others.</summary>
    public async Task<ChatWindow> OpenAsync(Uri url, BrowserNewContextOptions? options = null)
    {
        var context = await Browser.NewContextAsync(options ?? new() { ViewportSize = new() { Width = 720, Height = 760 } });
        context.SetDefaultTimeout(PatienceInMilliseconds);
        var window = new ChatWindow(await context.NewPageAsync());
        await window.Page.GotoAsync(url.ToString());
        return window;
    }

    /// <summary>Opens the chat as a user, and waits until the user is in the thread.</summary>
    public async Task<ChatWindow> EnterAsync(ChatServer server, int userId, int threadId, BrowserNewContextOptions? options = null)
    {
        var window = await OpenAsync(new Uri(server.Url, $"?user={userId}&thread={threadId}"), options);
        await Assertions.Expect(window.Page.Locator(".message, #empty:not([hidden])").First).ToBeVisibleAsync();
        return window;
    }

    public async ValueTask DisposeAsync()
    {
        if (Browser is not null)
            await Browser.DisposeAsync();
        playwright?.Dispose();
    }
}
