using System.Net;
using Chatpulse.Server.Configuration;
using Shouldly;

namespace Chatpulse.Server.Tests.Rest;

public sealed class RestAccessTests
{
    private const string Threads = "/wp-json/chatpulse-chat/v1/threads";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_production_a_bearer_token_names_the_caller_and_only_members_enter()
    {
        await using var server = await TestServer.StartAsync(Production);
        await server.Store.EnsureUserAsync(2, "Bob", Cancel);
        var alice = server.Client(("Authorization", "Bearer " + TestServer.Token(1, "Alice", TimeSpan.FromHours(1))));

        var thread = (await alice.PostAsync(Threads, """{"type":"private","participants":[2]}""").JsonAsync(HttpStatusCode.Created)).GetProperty("thread");
        thread.Text("created_by_name").ShouldBe("Alice");
        await alice.PostAsync($"{Threads}/{thread.Id()}", """{"content":"hi"}""").JsonAsync(HttpStatusCode.Created);
        await alice.PostAsync(Threads, """{"type":"group","participants":[2,999]}""").ShouldRefuseAsync(400, "invalid_participant");

        var carol = server.Client(("Authorization", "Bearer " + TestServer.Token(3, "Carol", TimeSpan.FromHours(1))));
        await carol.PostAsync($"{Threads}/{thread.Id()}", """{"content":"hi"}""").ShouldRefuseAsync(403, "rest_cannot_access_thread");
        await carol.PostAsync($"{Threads}/99999", """{"content":"hi"}""").ShouldRefuseAsync(403, "rest_cannot_access_thread");
    }

    [Fact]
    public async Task In_production_a_bare_name_or_a_bad_token_is_nobody()
    {
        await using var server = await TestServer.StartAsync(Production);
        var good = TestServer.Token(1, "Alice", TimeSpan.FromHours(1));
        foreach (var (name, value) in new[]
        {
            ("X-Chatpulse-User", "1"),
            ("Authorization", "Bearer " + TestServer.Token(1, "Alice", TimeSpan.FromHours(-1))),
            ("Authorization", "Bearer " + good[..^2]),
            ("Authorization", "Basic " + good),
        })
        {
            await server.Client((name, value)).GetAsync(new Uri(Threads, UriKind.Relative), Cancel).ShouldRefuseAsync(401, "rest_not_logged_in");
        }
    }

    [Fact]
    public async Task Pages_of_the_allowed_origins_may_call_and_no_others()
    {
        await using var server = await TestServer.StartAsync(settings => settings with { CorsOrigins = ["https://site.example"] });
        using var allowed = await PreflightAsync(server, "https://site.example");
        allowed.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe(["https://site.example"]);
        allowed.Headers.GetValues("Access-Control-Allow-Credentials").ShouldBe(["true"]);
        allowed.Headers.GetValues("Access-Control-Allow-Methods").Single().ShouldContain("POST");
        allowed.Headers.GetValues("Access-Control-Allow-Headers").Single().ShouldContain("X-WP-Nonce");

        using var refused = await PreflightAsync(server, "https://other.example");
        refused.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
    }

    [Theory]
    [InlineData("PATCH", "/messages/5", "GET,POST", true)]
    [InlineData("DELETE", "/messages/5", "GET,POST", true)]
    [InlineData("DELETE", "/threads/5/participants/6", "GET,POST", true)]
    [InlineData("PATCH", "/threads", "GET,POST", false)]
    [InlineData("DELETE", "/threads/5/messages", "GET,POST", false)]
    [InlineData("PATCH", "/messages/5", "GET", false)]
    public async Task Pages_of_other_origins_may_change_where_there_is_something_to_change_and_they_may_write(
        string method, string path, string methods, bool allowed)
    {
        await using var server = await TestServer.StartAsync(settings => settings with { CorsMethods = methods.Split(',') });
        using var request = new HttpRequestMessage(HttpMethod.Options, "/wp-json/chatpulse-chat/v1" + path);
        request.Headers.Add("Origin", "https://any.example");
        request.Headers.Add("Access-Control-Request-Method", method);

        using var answer = await server.Client().SendAsync(request, Cancel);

        answer.Headers.TryGetValues("Access-Control-Allow-Methods", out var told);
        string.Join(',', told ?? []).Split(',').Contains(method, StringComparer.Ordinal).ShouldBe(allowed);
    }

    [Fact]
    public async Task Any_origin_may_call_by_default_and_sees_errors_too()
    {
        await using var server = await TestServer.StartAsync();
        var client = server.Client(("Origin", "https://any.example"));
        using var answer = await client.GetAsync(new Uri(Threads, UriKind.Relative), Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        answer.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe(["*"]);
        answer.Headers.Contains("Access-Control-Allow-Credentials").ShouldBeFalse();
    }

    private static ServerSettings Production(ServerSettings settings) =>
        settings with { IsDevelopment = false, AuthMode = AuthMode.Token, AuthSecret = TestServer.AuthSecret };

    private static async Task<HttpResponseMessage> PreflightAsync(TestServer server, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, Threads);
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "content-type,x-wp-nonce");
        return await server.Client().SendAsync(request, Cancel);
    }
}
