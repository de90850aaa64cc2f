using Chatpulse.Server.Configuration;
using Chatpulse.Server.Identity;
using Chatpulse.Server.Tests.Chat;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Identity;

/// <summary><c>AUTH_MODE=wordpress</c> over real connections.</summary>
public sealed class WordPressModeTests
{
    private const long Ada = 7;

    private readonly TestLogin _site = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    private Task<TestServer> StartAsync() => TestServer.StartAsync(
        settings => settings with
        {
            AuthMode = AuthMode.WordPress,
            AuthGracePeriod = TimeSpan.FromSeconds(15),
            WordPressSessionCheckInterval = TimeSpan.FromMinutes(5),

            // The clock jumps further than a client could answer pings.
            PingInterval = TimeSpan.FromHours(1),
        },
        services => services.AddSingleton<IWordPressLogin>(_site).AddSingleton<TimeProvider>(_time));

    private static Task<ChatClient> ConnectAsync(TestServer host, string? cookie, string auth = """{"nonce":"abc"}""") =>
        ChatClient.ConnectAsync(host.Address, auth, query: null, cookie is null ? [] : [("Cookie", cookie)]);

    private static async Task<(string Code, string Message)> RefusedAsync(TestServer host, string? cookie, string auth = """{"nonce":"abc"}""")
    {
        var refused = await Should.ThrowAsync<ConnectErrorException>(() => ConnectAsync(host, cookie, auth));
        return (refused.ErrorData.Text("code"), refused.Message);
    }

    private static async Task<long> UserOfAsync(ChatClient client)
    {
        (await client.CallAsync("join_thread", new { threadId = 5 })).Ok();
        return (await client.CallAsync("message_send", new { threadId = 5, content = "x" })).Ok().GetProperty("message").Number("senderId");
    }

    [Fact]
    public async Task The_sites_login_names_the_user_and_nothing_else_does()
    {
        await using var host = await StartAsync();
        var cookie = _site.SignIn(Ada);
        await using var client = await ConnectAsync(host, $"tracking=1; {cookie}; wordpress_sec_x=secret", """{"nonce":"abc","userId":"7"}""");
        (await UserOfAsync(client)).ShouldBe(Ada);
        _site.LastShown.ShouldBe(new WordPressCredentials(cookie, "abc"));
        host.Services.GetRequiredService<WordPressSessions>().Find(Ada).ShouldBe(new WordPressCredentials(cookie, "abc"));

        (await RefusedAsync(host, cookie, """{"nonce":"abc","userId":8}""")).ShouldBe(("unauthenticated", "Authentication failed: auth.userId is not the user who is signed in at the site."));
        (await RefusedAsync(host, cookie, """{"userId":7}""")).Message.ShouldContain("auth.nonce is missing");
        (await RefusedAsync(host, cookie, """{"nonce":"a\r\nX-Chatpulse-API-Key: 1"}""")).Message.ShouldContain("auth.nonce must be");
        (await RefusedAsync(host, cookie, """{"nonce":"bad"}""")).Code.ShouldBe("unauthenticated");
        (await RefusedAsync(host, "wordpress_logged_in_x=a|1|stranger|h")).Code.ShouldBe("unauthenticated");
        var (code, message) = await RefusedAsync(host, cookie: null, """{"nonce":"abc","userId":7}""");
        code.ShouldBe("unauthenticated");
        message.ShouldStartWith("Authentication required");
        message.ShouldContain("websocket");
        message.ShouldContain("proxy");
    }

    [Fact]
    public async Task A_site_that_is_down_is_unavailable_and_not_a_refusal()
    {
        await using var host = await StartAsync();
        var cookie = _site.SignIn(Ada);
        _site.IsDown = true;
        (await RefusedAsync(host, cookie)).Code.ShouldBe("unavailable");
        _site.IsDown = false;
        await using var client = await ConnectAsync(host, cookie);
        (await UserOfAsync(client)).ShouldBe(Ada);
    }

    [Fact]
    public async Task A_login_that_has_ended_is_noticed_by_one_call_for_all_its_connections_and_they_end_after_the_grace_period()
    {
        await using var host = await StartAsync();
        var cookie = _site.SignIn(Ada);
        await using var first = await ConnectAsync(host, cookie);
        await using var second = await ConnectAsync(host, cookie);
        // Kept: a cookie says until when it is good, and one of another second is another.
        var otherCookie = _site.SignIn(Ada, "other");
        await using var other = await ConnectAsync(host, otherCookie);
        await Task.WhenAll(first.SyncAsync(), second.SyncAsync(), other.SyncAsync());
        _site.Calls.ShouldBe(2);

        _time.Advance(TimeSpan.FromMinutes(5.1));
        await AskedAsync(4);
        _site.SignOut("session");
        _site.Calls.ShouldBe(4);
        _time.Advance(TimeSpan.FromMinutes(5.1));
        foreach (var client in new[] { first, second })
        {
            var error = await client.WaitForAsync("error");
            error.Text("event").ShouldBe("auth_refresh");
            error.Text("message").ShouldContain("nonce");
        }

        await AskedAsync(6);
        host.Services.GetRequiredService<WordPressSessions>().Find(Ada).ShouldBe(new WordPressCredentials(otherCookie, "abc"));
        _time.Advance(TimeSpan.FromSeconds(16));
        await Task.WhenAll(first.Ended, second.Ended);
        (await UserOfAsync(other)).ShouldBe(Ada);
        (await other.AllAsync("error")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_refusal_that_the_store_meets_is_looked_into_at_once()
    {
        await using var host = await StartAsync();
        var cookie = _site.SignIn(Ada);
        await using var client = await ConnectAsync(host, cookie);
        await client.SyncAsync();
        var sessions = host.Services.GetRequiredService<WordPressSessions>();
        _site.SignOut("session");
        sessions.Refuse(sessions.Find(Ada)!);
        // The wheel's next tick.
        _time.Advance(TimeSpan.FromMilliseconds(50));
        (await client.WaitForAsync("error")).Text("event").ShouldBe("auth_refresh");
        sessions.Find(Ada).ShouldBeNull();
    }

    [Fact]
    public async Task A_new_nonce_refreshes_in_place()
    {
        await using var host = await StartAsync();
        var cookie = _site.SignIn(Ada);
        await using var client = await ConnectAsync(host, cookie);
        await client.SyncAsync();
        _site.SignOut("session");
        _time.Advance(TimeSpan.FromMinutes(5.1));
        await client.WaitForAsync("error");

        (await client.CallAsync("auth_refresh", new { token = "x" })).GetProperty("error").Text("message").ShouldContain("nonce is missing");
        (await client.CallAsync("auth_refresh", new { nonce = "bad" })).GetProperty("error").Text("code").ShouldBe("unauthenticated");
        _site.SignIn(8);
        (await client.CallAsync("auth_refresh", new { nonce = "new0" })).GetProperty("error").Text("code").ShouldBe("forbidden");
        _site.SignIn(Ada);
        (await client.CallAsync("auth_refresh", new { nonce = "new1" })).Ok().Text("expiresAt").ShouldNotBeEmpty();

        await client.ForgetAsync();
        _time.Advance(TimeSpan.FromSeconds(60));
        (await client.AllAsync("error")).ShouldBeEmpty();
        host.Services.GetRequiredService<WordPressSessions>().Find(Ada).ShouldBe(new WordPressCredentials(cookie, "new1"));
    }

    [Fact]
    public async Task The_connection_ends_with_its_cookie()
    {
        await using var host = await StartAsync();
        await using var client = await ConnectAsync(host, _site.SignIn(Ada, expires: _time.GetUtcNow().AddSeconds(60)));
        await client.SyncAsync();
        _time.Advance(TimeSpan.FromSeconds(62));
        await client.WaitForAsync("error");
        _time.Advance(TimeSpan.FromSeconds(16));
        await client.Ended;
    }

    [Fact]
    public async Task A_site_that_is_away_ends_nobody()
    {
        await using var host = await StartAsync();
        await using var client = await ConnectAsync(host, _site.SignIn(Ada));
        await client.SyncAsync();
        _site.IsDown = true;
        _time.Advance(TimeSpan.FromMinutes(5.1));
        await AskedAsync(2);
        _time.Advance(TimeSpan.FromSeconds(31));
        await AskedAsync(3);
        (await client.AllAsync("error")).ShouldBeEmpty();
        await client.DisposeAsync();
        await Eventually.TrueAsync(() => host.Services.GetRequiredService<WordPressLoginWatch>().Count == 0);
        host.Services.GetRequiredService<WordPressSessions>().Find(Ada).ShouldBeNull();
    }

    private Task AskedAsync(int calls) => Eventually.TrueAsync(() => _site.Calls >= calls);
}
