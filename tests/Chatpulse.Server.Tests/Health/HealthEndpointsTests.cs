using System.Net;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Tests.Rest;
using Shouldly;

namespace Chatpulse.Server.Tests.Health;

public sealed class HealthEndpointsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Health_says_that_all_is_well()
    {
        await using var server = await TestServer.StartAsync();
        var health = await server.Client().GetAsync(new Uri("/health", UriKind.Relative), Cancel).JsonAsync();
        health.Text("status").ShouldBe("ok");
        health.Text("timestamp").ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$");
        health.GetProperty("connections").GetInt32().ShouldBe(0);
        health.GetProperty("activeUsers").GetInt32().ShouldBe(0);
        health.GetProperty("store").GetRawText().ShouldBe("""{"status":"ok"}""");
    }

    [Fact]
    public async Task Health_is_503_and_says_why_when_the_store_cannot_be_used()
    {
        await using var server = await TestServer.StartAsync();
        await ((IAsyncDisposable)server.Store).DisposeAsync();
        var health = await server.Client().GetAsync(new Uri("/health", UriKind.Relative), Cancel).JsonAsync(HttpStatusCode.ServiceUnavailable);
        health.Text("status").ShouldBe("degraded");
        health.GetProperty("store").Text("status").ShouldBe("unavailable");
        health.GetProperty("store").Text("message").ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Stats_are_open_in_development()
    {
        await using var server = await TestServer.StartAsync();
        (await server.Client().GetAsync(new Uri("/stats", UriKind.Relative), Cancel).JsonAsync()).GetRawText().ShouldBe(
            """{"connections":{"total":0,"details":[]},"presence":{"totalUsers":0,"onlineUsers":0,"details":[]},"typing":{"activeThreads":0,"details":[]}}""");
    }

    [Fact]
    public async Task Stats_name_who_types_where()
    {
        await using var server = await TestServer.StartAsync();
        await server.Client(("X-Chatpulse-User", "7")).PostAsync("/wp-json/chatpulse-chat/v1/threads/456/typing", """{"is_typing":true}""").JsonAsync();
        var stats = await server.Client().GetAsync(new Uri("/stats", UriKind.Relative), Cancel).JsonAsync();
        stats.GetProperty("typing").GetRawText().ShouldBe("""{"activeThreads":1,"details":[{"threadId":456,"typingUsers":[7]}]}""");
    }

    [Theory]
    [InlineData(null, "Bearer x", HttpStatusCode.NotFound)]
    [InlineData("the admin token", null, HttpStatusCode.Unauthorized)]
    [InlineData("the admin token", "Bearer the admin toke", HttpStatusCode.Unauthorized)]
    [InlineData("the admin token", "Basic the admin token", HttpStatusCode.Unauthorized)]
    [InlineData("the admin token", "Bearer the admin token", HttpStatusCode.OK)]
    public async Task Stats_in_production_need_the_admin_token(string? token, string? authorization, HttpStatusCode status)
    {
        await using var server = await TestServer.StartAsync(settings => settings with
        {
            IsDevelopment = false,
            AuthMode = AuthMode.Token,
            AuthSecret = TestServer.AuthSecret,
            AdminToken = token,
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/stats");
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        var answer = await server.Client().SendAsync(request, Cancel).JsonAsync(status);
        answer.TryGetProperty(status == HttpStatusCode.OK ? "connections" : "error", out _).ShouldBeTrue();
    }
}
