using System.Net;
using System.Text;
using System.Text.Json;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Identity;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;

namespace Chatpulse.Server.Tests.Identity;

/// <summary>The login cookie over polling: what counts is the request that opened the connection.</summary>
public sealed class CookiePollingTests
{
    private readonly TestLogin _site = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // Opens by polling, sends CONNECT, and gives what the server answers to it.
    private async Task<string> ConnectAsync(string? openingCookie, string? laterCookie)
    {
        await using var host = await TestServer.StartAsync(
            settings => settings with { AuthMode = AuthMode.WordPress }, services => services.AddSingleton<IWordPressLogin>(_site));
        var opened = await AskAsync(host, "", openingCookie, body: null);
        var sid = JsonElement.Parse(opened[1..]).GetProperty("sid").GetString();
        (await AskAsync(host, $"&sid={sid}", laterCookie, """40{"nonce":"abc"}""")).ShouldBe("ok");
        var answer = await AskAsync(host, $"&sid={sid}", laterCookie, body: null);
        // Or the server, when it stops, would wait for the client to ask again and be told.
        await AskAsync(host, $"&sid={sid}", laterCookie, "1");
        return answer;
    }

    private static async Task<string> AskAsync(TestServer host, string query, string? cookie, string? body)
    {
        using var request = new HttpRequestMessage(
            body is null ? HttpMethod.Get : HttpMethod.Post, new Uri($"/socket.io/?EIO=4&transport=polling{query}", UriKind.Relative));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "text/plain");
        if (cookie is not null)
            request.Headers.Add("Cookie", cookie);
        using var handler = new SocketsHttpHandler { UseCookies = false };
        using var http = new HttpClient(handler) { BaseAddress = host.Address };
        using var answer = await http.SendAsync(request, Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await answer.Content.ReadAsStringAsync(Cancel);
    }

    [Fact]
    public async Task A_cookie_that_opens_the_connection_is_enough()
    {
        (await ConnectAsync(_site.SignIn(7), laterCookie: null)).ShouldStartWith("40{\"sid\"");
        _site.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task A_cookie_that_comes_later_is_not_looked_at()
    {
        (await ConnectAsync(openingCookie: null, _site.SignIn(7))).ShouldStartWith("44{\"message\":\"Authentication required");
        _site.Calls.ShouldBe(0);
    }
}
