using Microsoft.Playwright;
using Shouldly;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Chatpulse.Browser;

/// <summary>The chat on a page of a WordPress site, as its users find it there.</summary>
public sealed class WordPressBlockTests(WordPressSite site, Chromium chromium) : IClassFixture<WordPressSite>, IClassFixture<Chromium>
{
    [Fact]
    public async Task Two_users_of_a_site_talk_on_its_page()
    {
        await using var server = await StartServerAsync();
        var page = await MakePageAsync("[chatpulse-chat]");
        var alice = await SignInAsync("alice", page);
        var bob = await SignInAsync("bob", page);

        await alice.Page.GetByRole(AriaRole.Button, new() { Name = "New conversation" }).ClickAsync();
        await alice.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search people" }).FillAsync("Bob");
        await alice.Page.GetByRole(AriaRole.Button, new() { Name = "Bob", Exact = true }).ClickAsync();
        await alice.SayAsync("Hello Bob, are 1 < 2 & <b>this</b> text?");
        await bob.Page.Locator(".thread", new() { HasText = "Alice" }).ClickAsync();
        await Expect(bob.Messages.Locator(".content")).ToHaveTextAsync("Hello Bob, are 1 < 2 & this text?");
        await bob.SayAsync("Good morning, Alice.");

        await alice.SeesAsync("Good morning, Alice.");
        await Expect(bob.Messages.First.Locator(".sender")).ToHaveTextAsync("Alice");
        (await bob.Page.Locator("#messages .content *").CountAsync()).ShouldBe(0);
        alice.Complaints.ShouldBeEmpty();
        bob.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_chats_on_a_page_do_not_get_in_each_others_way_nor_in_the_themes()
    {
        await using var server = await StartServerAsync();
        var threads = (await site.PhpAsync("""
            foreach ( array( 'One', 'Two' ) as $title ) {
                echo Chatpulse\Threads::create( get_user_by( 'login', 'carol' )->ID, 'group', $title, array( get_user_by( 'login', 'dave' )->ID ) )[0], "\n";
            }
            """)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // A theme that does to everything what themes do to something.
        var page = await MakePageAsync($$"""
            <style>html { font-size: 5px } button, textarea, p { display: none !important } * { text-transform: uppercase }</style>
            [chatpulse-chat thread="{{threads[0]}}" height="400"][chatpulse-chat thread="{{threads[1]}}" height="400"]
            """);
        var carol = await SignInAsync("carol", page);

        var chats = carol.Page.Locator(".chatpulse-chat");
        await Expect(chats).ToHaveCountAsync(2);
        foreach (var (index, text) in new[] { (0, "to the first"), (1, "to the second") })
        {
            var draft = chats.Nth(index).GetByLabel("Message", new() { Exact = true });
            await draft.FillAsync(text);
            await draft.PressAsync("Enter");
            await Expect(chats.Nth(index).Locator(".message.own[data-state=sent] .content")).ToHaveTextAsync(text);
        }

        (await carol.Page.EvaluateAsync<string>("() => getComputedStyle(document.querySelector('.chatpulse-chat').shadowRoot.querySelector('textarea')).fontSize")).ShouldBe("16px");
        (await carol.Page.EvaluateAsync<string>("() => getComputedStyle(document.querySelector('.chatpulse-chat').shadowRoot.querySelector('.content')).textTransform")).ShouldBe("none");
        carol.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_stranger_is_sent_to_sign_in()
    {
        var page = await MakePageAsync("[chatpulse-chat]");

        var stranger = await chromium.OpenAsync(page);

        var link = await stranger.Page.GetByRole(AriaRole.Link, new() { Name = "Sign in to chat." }).GetAttributeAsync("href");
        link.ShouldNotBeNull().ShouldContain("/wp-login.php?redirect_to=");
        await Expect(stranger.Page.Locator(".chatpulse-chat")).ToHaveCountAsync(0);
        await stranger.CloseAsync();
    }

    private async Task<ChatServer> StartServerAsync()
    {
        var server = new ChatServer();
        foreach (var name in (string[])["WP_BASE_URL", "WP_API_KEY", "AUTH_SECRET", "WEBHOOK_SECRET"])
            server.Settings[name] = site[name];
        server.Settings["AUTH_MODE"] = "token";
        server.Settings["CORS_ORIGIN"] = site["SITE_URL"];
        await server.InitializeAsync();
        await site.UseServerAsync(server.Url);
        return server;
    }

    private async Task<Uri> MakePageAsync(string content)
    {
        var encoded = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(content));
        var address = await site.PhpAsync($"""
            kses_remove_filters();
            $id = wp_insert_post( array( 'post_type' => 'page', 'post_status' => 'publish', 'post_title' => 'Chat', 'post_content' => base64_decode( '{encoded}' ) ) );
            echo get_permalink( $id );
            """);
        return new Uri(address.Trim());
    }

    private async Task<ChatWindow> SignInAsync(string user, Uri page)
    {
        var window = await chromium.OpenAsync(new Uri(site["SITE_URL"] + "/wp-login.php"));
        await window.Page.GetByLabel("Username or Email Address").FillAsync(user);
        await window.Page.Locator("#user_pass").FillAsync(site[user.ToUpperInvariant() + "_PASSWORD"]);
        await window.Page.RunAndWaitForResponseAsync(
            () => window.Page.GetByRole(AriaRole.Button, new() { Name = "Log In" }).ClickAsync(),
            response => response.Url.Contains("/wp-admin/", StringComparison.Ordinal));
        await window.Page.GotoAsync(page.ToString());
        return window;
    }
}
