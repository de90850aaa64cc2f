using Shouldly;

namespace Chatpulse.Server.Tests.Rest;

public sealed class RestIndexTests(DevelopmentServer server) : IClassFixture<DevelopmentServer>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/wp-json")]
    [InlineData("/wp-json/")]
    public async Task The_site_says_in_which_time_zone_its_times_are(string path)
    {
        var site = await server.Anonymous.GetAsync(new Uri(path, UriKind.Relative), Cancel).JsonAsync();
        site.GetProperty("gmt_offset").GetInt32().ShouldBe(0);
        site.Text("timezone_string").ShouldBe("UTC");
        site.List("namespaces").Select(name => name.GetString()).ShouldBe(["chatpulse-chat/v1", "wp/v2"]);
    }

    [Fact]
    public async Task The_namespace_lists_its_routes_as_the_plugin_does()
    {
        var index = await server.Anonymous.GetAsync(new Uri("/wp-json/chatpulse-chat/v1", UriKind.Relative), Cancel).JsonAsync();
        index.Text("namespace").ShouldBe("chatpulse-chat/v1");
        var routes = index.GetProperty("routes");
        routes.GetProperty("/chatpulse-chat/v1/threads").List("methods").Select(method => method.GetString()).ShouldBe(["GET", "POST"]);
        var arguments = routes.GetProperty(@"/chatpulse-chat/v1/threads/(?P<thread_id>\d+)/messages").List("endpoints").Single().GetProperty("args");
        arguments.GetProperty("limit").GetRawText().ShouldBe("""{"default":50,"required":false}""");
        routes.TryGetProperty("/wp/v2/users/me", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Routes_are_served_to_head_as_to_get()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, "/wp-json/chatpulse-chat/v1");
        using var answer = await server.Anonymous.SendAsync(request, Cancel);
        answer.IsSuccessStatusCode.ShouldBeTrue();
        (await answer.Content.ReadAsByteArrayAsync(Cancel)).ShouldBeEmpty();
    }
}
