using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Chatpulse.Server.Page;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Shouldly;

namespace Chatpulse.Server.Tests.Page;

public sealed partial class ChatPageTests : IAsyncLifetime
{
    private readonly HttpClient http = new();
    private WebApplication app = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapChatPage();
        await app.StartAsync(TestContext.Current.CancellationToken);
        http.BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
    }

    [Fact]
    public async Task Everything_that_the_page_refers_to_is_served_with_its_type()
    {
        var page = await http.GetStringAsync("/?user=123&thread=456", TestContext.Current.CancellationToken);
        var found = new Queue<string>(Reference().Matches(page).Select(match => match.Groups["file"].Value));
        var served = new HashSet<string>(StringComparer.Ordinal);
        while (found.TryDequeue(out var file))
        {
            if (!served.Add(file))
                continue;
            using var response = await http.GetAsync("/" + file, TestContext.Current.CancellationToken);
            response.StatusCode.ShouldBe(HttpStatusCode.OK, file);
            response.Content.Headers.ContentType!.MediaType.ShouldBe(Path.GetExtension(file) switch
            {
                ".js" => "text/javascript",
                ".css" => "text/css",
                _ => "image/svg+xml",
            });
            if (!file.EndsWith(".js", StringComparison.Ordinal))
                continue;
            var script = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            foreach (Match import in Import().Matches(script))
                found.Enqueue(import.Groups["file"].Value);
        }

        served.IsSupersetOf(["chat.js", "chat.css", "client-example.js", "typing.js"]).ShouldBeTrue();
    }

    [Fact]
    public async Task The_policy_runs_the_pages_own_files_and_its_import_map_only()
    {
        using var response = await http.GetAsync("/", TestContext.Current.CancellationToken);
        var page = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var policy = response.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem();
        var map = ImportMap().Match(page).Groups["map"].Value;

        policy.ShouldContain("default-src 'none'");
        policy.ShouldContain($"script-src 'self' 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(map)))}';");
        policy.ShouldNotContain("unsafe");
        response.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        map.ShouldContain("\"./socket.io/socket.io.esm.min.js\"");
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/chat.js")]
    public async Task A_file_that_has_not_changed_is_not_sent_again(string path)
    {
        using var first = await http.GetAsync(path, TestContext.Current.CancellationToken);
        first.Headers.CacheControl!.NoCache.ShouldBeTrue();
        using var again = new HttpRequestMessage(HttpMethod.Get, path);
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);

        using var second = await http.SendAsync(again, TestContext.Current.CancellationToken);

        second.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        (await second.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Head_has_the_headers_and_no_body()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, "/");
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);

        response.Content.Headers.ContentLength!.Value.ShouldBeGreaterThan(1000);
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
    }

    [Theory]
    [InlineData("/index.html")]
    [InlineData("/terminal.js")]
    [InlineData("/package.json")]
    [InlineData("/..%2fProgram.cs")]
    public async Task Nothing_else_is_served(string path)
    {
        using var response = await http.GetAsync(path, TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [GeneratedRegex("""(?:src|href)="\./(?<file>[\w.-]+)["]""", RegexOptions.NonBacktracking)]
    private static partial Regex Reference();

    [GeneratedRegex("""^import .* from '\./(?<file>[\w.-]+)';""", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Import();

    [GeneratedRegex("""<script type="importmap">(?<map>[^<]*)</script>""", RegexOptions.NonBacktracking)]
    private static partial Regex ImportMap();
}
