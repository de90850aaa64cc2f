using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores.WordPress;

/// <summary>What the site may answer when a login is shown to it.</summary>
public sealed class SiteLoginTests
{
    private static readonly WordPressCredentials Ada = new("wordpress_logged_in_x=ada|1|t|h", "abc123");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<T> WithSiteAsync<T>(RequestDelegate answer, Func<IWordPressLogin, Task<T>> ask, TimeSpan? timeout = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var site = builder.Build();
        site.MapGet("/wp-json/wp/v2/users/me", answer);
        await site.StartAsync(Cancel);
        await using var server = await TestServer.StartAsync(settings => settings with
        {
            AuthMode = AuthMode.WordPress,
            WordPressBaseUrl = new Uri(site.Urls.First() + "/wp-json"),
            WordPressTimeout = timeout ?? TimeSpan.FromSeconds(60),
        });
        return await ask(server.Services.GetRequiredService<IWordPressLogin>());
    }

    private static Task<ChatException> RefusedAsync(int status, string type, string body) => WithSiteAsync(
        async context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = type;
            context.Response.Headers.Location = "/elsewhere";
            await context.Response.WriteAsync(body);
        },
        login => Should.ThrowAsync<ChatException>(async () => await login.ProveAsync(Ada, Cancel)));

    [Fact]
    public async Task The_user_and_the_name_come_from_the_site_which_is_shown_cookie_and_nonce_and_no_key()
    {
        string? shown = null;
        var identity = await WithSiteAsync(
            async context =>
            {
                shown = $"{context.Request.Headers.Cookie} {context.Request.Headers["X-WP-Nonce"]} {context.Request.Headers["X-Chatpulse-API-Key"]}";
                context.Response.ContentType = "application/json; charset=UTF-8";
                await context.Response.WriteAsync("""{"id":2,"name":"Alice Ångström"}""");
            },
            async login => await login.ProveAsync(Ada, Cancel));
        identity.ShouldBe(new UserIdentity(2, "Alice Ångström", ExpiresAt: null));
        shown.ShouldBe("wordpress_logged_in_x=ada|1|t|h abc123 ");
    }

    [Theory]
    [InlineData(401, """{"code":"rest_not_logged_in","message":"You are not currently logged in.","data":{"status":401}}""", "signed in")]
    [InlineData(403, """{"code":"rest_cookie_invalid_nonce","message":"Cookie check failed","data":{"status":403}}""", "nonce")]
    public async Task A_login_that_the_site_does_not_accept_is_unauthenticated(int status, string body, string why)
    {
        var refused = await RefusedAsync(status, "application/json", body);
        refused.Code.ShouldBe(ChatErrorCodes.Unauthenticated);
        refused.Message.ShouldContain(why);
    }

    [Theory]
    [InlineData(200, "text/html", "<html>maintenance</html>")]
    [InlineData(200, "application/json", "{}")]
    [InlineData(200, "application/json", """{"id":0,"name":"nobody"}""")]
    [InlineData(200, "application/json", """{"id":2,"name":""")]
    [InlineData(301, "text/html", "")]
    [InlineData(403, "text/html", "blocked by a firewall")]
    [InlineData(404, "application/json", """{"code":"rest_no_route"}""")]
    [InlineData(401, "text/html", "a password for the whole site")]
    [InlineData(500, "text/html", "There has been a critical error on this website.")]
    [InlineData(503, "text/html", "")]
    public async Task A_site_that_cannot_tell_is_unavailable_so_that_clients_try_again(int status, string type, string body) =>
        (await RefusedAsync(status, type, body)).Code.ShouldBe(ChatErrorCodes.Unavailable);

    [Fact]
    public async Task A_site_that_does_not_answer_in_time_or_never_ends_is_unavailable()
    {
        (await WithSiteAsync(
            context => Task.Delay(Timeout.Infinite, context.RequestAborted),
            login => Should.ThrowAsync<ChatException>(async () => await login.ProveAsync(Ada, Cancel)),
            TimeSpan.FromMilliseconds(200))).Code.ShouldBe(ChatErrorCodes.Unavailable);
        (await RefusedAsync(200, "application/json", new string(' ', 1_100_000))).Code.ShouldBe(ChatErrorCodes.Unavailable);
    }
}
