using System.IO.Compression;
using System.Net;
using EngineIO;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace SocketIO.Tests;

public sealed class ClientBundleTests : IAsyncLifetime
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None });
    private WebApplication app = null!;

    public static TheoryData<string> Files => [.. ClientBundle.Files];

    public async ValueTask InitializeAsync()
    {
        app = await StartAsync(_ => { });
        http.BaseAddress = AddressOf(app);
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Every_encoding_carries_the_same_file(string file)
    {
        var plain = await ReadAsync(await GetAsync(file));

        (await ReadAsync(await GetAsync(file, ("Accept-Encoding", "br")))).ShouldBe(plain);
        (await ReadAsync(await GetAsync(file, ("Accept-Encoding", "gzip")))).ShouldBe(plain);
        if (file.EndsWith(".map", StringComparison.Ordinal))
            plain.ShouldContain("\"version\":3");
        else
            plain.ShouldContain("Socket.IO v" + ClientBundle.Version);
    }

    [Theory]
    [InlineData("br, gzip", "br")]
    [InlineData("gzip, deflate, br", "br")]
    [InlineData("gzip, deflate", "gzip")]
    [InlineData("br;q=0, gzip", "gzip")]
    [InlineData("*", "br")]
    [InlineData("br;q=0, *;q=0.5", "gzip")]
    [InlineData("identity", null)]
    [InlineData("*;q=0", null)]
    [InlineData("no such thing at all,,;;=", null)]
    public async Task The_smallest_accepted_encoding_is_chosen(string accepted, string? chosen)
    {
        using var response = await GetAsync("socket.io.min.js", ("Accept-Encoding", accepted));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentEncoding.ShouldBe(chosen is null ? [] : [chosen]);
        response.Headers.Vary.ToString().ShouldBe("Accept-Encoding");
        (await ReadAsync(response)).ShouldContain("Socket.IO v" + ClientBundle.Version);
    }

    [Fact]
    public async Task Headers_are_those_of_the_official_server()
    {
        using var script = await GetAsync("socket.io.js");
        using var map = await GetAsync("socket.io.js.map");

        script.Content.Headers.ContentType!.ToString().ShouldBe("application/javascript; charset=utf-8");
        map.Content.Headers.ContentType!.ToString().ShouldBe("application/json; charset=utf-8");
        script.Headers.CacheControl!.Public.ShouldBeTrue();
        script.Headers.CacheControl.MaxAge.ShouldBe(TimeSpan.Zero);
        script.Headers.ETag!.ToString().ShouldBe("\"4.8.4\"");
        map.Headers.ETag.ShouldBe(script.Headers.ETag);
    }

    [Theory]
    [InlineData("\"4.8.4\"")]
    [InlineData("W/\"4.8.4\"")]
    [InlineData("\"1.0.0\", W/\"4.8.4\"")]
    [InlineData("*")]
    public async Task A_browser_that_has_the_version_is_told_so(string tags)
    {
        using var response = await GetAsync("socket.io.esm.min.js", ("If-None-Match", tags));

        response.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        response.Headers.ETag!.ToString().ShouldBe("\"4.8.4\"");
        (await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("\"4.8.3\"")]
    [InlineData("4.8.4, not a tag")]
    public async Task Another_version_gets_the_file(string tags)
    {
        using var response = await GetAsync("socket.io.esm.min.js", ("If-None-Match", tags));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Head_has_the_headers_and_no_body()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, "/socket.io/socket.io.min.js");
        request.Headers.Add("Accept-Encoding", "br");

        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentLength!.Value.ShouldBeGreaterThan(1000);
        response.Content.Headers.ContentEncoding.ShouldBe(["br"]);
    }

    [Theory]
    [InlineData("version")]
    [InlineData("socket.io.esm.js")]
    [InlineData("socket.io.js.br")]
    [InlineData("..%2fsocket.io.js")]
    public async Task Nothing_else_is_served(string file)
    {
        using var response = await GetAsync(file);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task It_can_be_switched_off()
    {
        await using var without = await StartAsync(options => options.ServeClient = false);

        using var response = await http.GetAsync(new Uri(AddressOf(without), "/socket.io/socket.io.js"), TestContext.Current.CancellationToken);

        response.StatusCode.ShouldNotBe(HttpStatusCode.OK);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldNotContain("Socket.IO v");
    }

    [Fact]
    public async Task A_page_of_an_allowed_origin_may_import_the_module()
    {
        await using var open = await StartAsync(options => options.Engine.Cors = new EngineIOCorsOptions { Origins = { "https://example.org" } });
        var address = new Uri(AddressOf(open), "/socket.io/socket.io.esm.min.js");
        using var import = new HttpRequestMessage(HttpMethod.Get, address);
        import.Headers.Add("Origin", "https://example.org");
        using var strange = new HttpRequestMessage(HttpMethod.Get, address);
        strange.Headers.Add("Origin", "https://example.net");

        using var allowed = await http.SendAsync(import, TestContext.Current.CancellationToken);
        using var refused = await http.SendAsync(strange, TestContext.Current.CancellationToken);

        allowed.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe(["https://example.org"]);
        refused.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
    }

    private async Task<HttpResponseMessage> GetAsync(string file, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/socket.io/" + file);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task<string> ReadAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await using Stream plain = response.Content.Headers.ContentEncoding.SingleOrDefault() switch
        {
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            _ => body,
        };
        using var reader = new StreamReader(plain);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<WebApplication> StartAsync(Action<SocketIOOptions> configure)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSocketIO(configure);
        var started = builder.Build();
        started.Urls.Add("http://127.0.0.1:0");
        started.MapSocketIO();
        await started.StartAsync(TestContext.Current.CancellationToken);
        return started;
    }

    private static Uri AddressOf(WebApplication app) =>
        new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
}
