using System.Net;
using EngineIO.Tests.Hosting;

namespace EngineIO.Tests.Sessions;

public sealed class CorsTests
{
    [Fact]
    public async Task Without_the_option_there_are_no_headers()
    {
        await using var host = await EngineHost.StartAsync();
        using var response = await SendAsync(host, HttpMethod.Get, "http://a.example");
        response.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
    }

    [Fact]
    public async Task Any_origin_is_answered_with_a_star()
    {
        await using var host = await EngineHost.StartAsync(options => options.Cors = new EngineIOCorsOptions { Origins = { "*" } });
        using var response = await SendAsync(host, HttpMethod.Get, "http://a.example");
        response.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe(["*"]);
        response.Headers.Contains("Vary").ShouldBeFalse();
    }

    [Theory]
    [InlineData("https://a.example", true)]
    [InlineData("https://A.example", true)]
    [InlineData("https://sub.b.example", true)]
    [InlineData("https://c.example", false)]
    [InlineData("https://a.example.evil.example", false)]
    [InlineData("http://a.example", false)]
    [InlineData("null", false)]
    public async Task Named_origins_are_answered_with_themselves_and_others_not(string origin, bool allowed)
    {
        await using var host = await EngineHost.StartAsync(Restricted);
        using var response = await SendAsync(host, HttpMethod.Get, origin);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.Vary.ShouldContain("Origin");
        response.Headers.TryGetValues("Access-Control-Allow-Origin", out var values).ShouldBe(allowed);
        if (allowed)
        {
            values.ShouldBe([origin]);
            response.Headers.GetValues("Access-Control-Allow-Credentials").ShouldBe(["true"]);
            response.Headers.GetValues("Access-Control-Expose-Headers").ShouldBe(["x-seen"]);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("?EIO=4&transport=polling")]
    [InlineData("?EIO=4&transport=polling&sid=whoever")]
    public async Task Preflight_is_answered_204_whatever_it_asks_for(string query)
    {
        await using var host = await EngineHost.StartAsync(Restricted);
        using var response = await SendAsync(host, HttpMethod.Options, "https://a.example", query);
        response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        response.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe(["https://a.example"]);
        response.Headers.GetValues("Access-Control-Allow-Methods").ShouldBe(["GET,POST"]);
        response.Headers.GetValues("Access-Control-Allow-Headers").ShouldBe(["x-asked"]);
        response.Headers.GetValues("Access-Control-Max-Age").ShouldBe(["600"]);
    }

    [Fact]
    public async Task Error_answers_carry_the_headers_too()
    {
        await using var host = await EngineHost.StartAsync(Restricted);
        using var response = await SendAsync(host, HttpMethod.Get, "https://a.example", "?EIO=4&transport=abc");
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        response.Headers.Contains("Access-Control-Allow-Origin").ShouldBeTrue();
    }

    [Theory]
    [InlineData("https://a.example", "101")]
    [InlineData("https://evil.example", "403")]
    [InlineData("null", "403")]
    [InlineData(null, "101")]
    [InlineData("same", "101")]
    public async Task Websocket_of_a_foreign_page_is_refused(string? origin, string status)
    {
        await using var host = await EngineHost.StartAsync(Restricted);
        if (origin == "same")
            origin = $"http://127.0.0.1:{host.Port}";
        await using var raw = await RawWebSocket.ConnectAsync(host, headers: origin is null ? "" : $"Origin: {origin}\r\n");
        raw.Response.ShouldStartWith($"HTTP/1.1 {status} ");
    }

    private static void Restricted(EngineIOOptions options) => options.Cors = new EngineIOCorsOptions
    {
        Origins = { "https://a.example" },
        IsOriginAllowed = origin => origin.EndsWith(".b.example", StringComparison.Ordinal),
        Credentials = true,
        ExposedHeaders = { "x-seen" },
        MaxAge = TimeSpan.FromMinutes(10),
    };

    private static async Task<HttpResponseMessage> SendAsync(EngineHost host, HttpMethod method, string origin, string query = "?EIO=4&transport=polling")
    {
        using var request = new HttpRequestMessage(method, new Uri(host.Http.BaseAddress + query));
        request.Headers.Add("Origin", origin);
        if (method == HttpMethod.Options)
        {
            request.Headers.Add("Access-Control-Request-Method", "POST");
            request.Headers.Add("Access-Control-Request-Headers", "x-asked");
        }

        return await host.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
