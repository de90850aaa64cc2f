using Shouldly;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Chatpulse.Browser;

/// <summary>The server crashes and comes back; each test has one of its own.</summary>
public sealed class ReconnectTests(Chromium chromium) : IClassFixture<Chromium>
{
    private const int Thread = 456;

    [Fact]
    public async Task After_a_restart_what_was_missed_is_there_once()
    {
        await using var server = new ChatServer();
        await server.StartAsync();
        var ann = await chromium.EnterAsync(server, 123, Thread);
        await ann.SayAsync("before");
        await ann.SeesStoredAsync("before");
        var bob = await chromium.EnterAsync(server, 124, Thread);
        await bob.SayAsync("also before");
        await ann.SeesAsync("also before");

        await server.KillAsync();
        await Expect(ann.Banner).ToContainTextAsync("Reconnecting");
        // Ann's way back is longer than Bob's, so that there is something to miss.
        await ann.Page.Context.RouteAsync("**/socket.io/**", route => route.AbortAsync());
        await server.StartAsync();
        await Expect(bob.Banner).ToBeEmptyAsync();
        foreach (var text in (string[])["missed one", "missed two", "missed three"])
        {
            await bob.SayAsync(text);
            await bob.SeesStoredAsync(text);
        }

        await ann.Page.Context.UnrouteAllAsync();
        await Expect(ann.Banner).ToBeEmptyAsync();
        await ann.SeesAsync("missed three");
        await ann.SayAsync("after");
        await bob.SeesAsync("after");

        string[] everything = ["before", "also before", "missed one", "missed two", "missed three", "after"];
        (await ann.TextsAsync()).ShouldBe(everything);
        (await bob.TextsAsync()).ShouldBe(everything);
        await ann.CloseAsync();
        await bob.CloseAsync();
    }

    [Fact]
    public async Task What_is_written_while_the_server_is_away_is_sent_when_it_is_back()
    {
        await using var server = new ChatServer();
        await server.StartAsync();
        var ann = await chromium.EnterAsync(server, 123, Thread);
        await server.KillAsync();
        await Expect(ann.Banner).ToContainTextAsync("Reconnecting");

        await ann.SayAsync("one");
        await ann.SayAsync("two");
        await ann.SeesStateAsync("one", "sending");
        await ann.SeesStateAsync("two", "sending");
        await server.StartAsync();

        await ann.SeesStoredAsync("two");
        await ann.SeesStoredAsync("one");
        (await ann.TextsAsync()).ShouldBe(["one", "two"]);
        await ann.Page.ReloadAsync();
        await ann.SeesAsync("two");
        (await ann.TextsAsync()).ShouldBe(["one", "two"]);
        await ann.CloseAsync();
    }
}
