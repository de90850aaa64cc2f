using System.Net;
using System.Text.Json;
using EngineIO.Sessions;
using EngineIO.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace EngineIO.Tests.Sessions;

public sealed class HandshakeTests
{
    [Fact]
    public async Task Polling_handshake_says_what_the_client_must_know()
    {
        await using var host = await EngineHost.StartAsync();
        using var response = await host.Http.GetAsync("?EIO=4&transport=polling", TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; charset=UTF-8");
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        response.Headers.Contains("Set-Cookie").ShouldBeFalse();
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        text[0].ShouldBe('0');
        using var json = JsonDocument.Parse(text.AsMemory(1));
        var root = json.RootElement;
        root.EnumerateObject().Select(property => property.Name).ShouldBe(["sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"]);
        root.GetProperty("sid").GetString()!.Length.ShouldBe(20);
        root.GetProperty("upgrades").ToString().ShouldBe("""["websocket"]""");
        root.GetProperty("pingInterval").GetInt64().ShouldBe(25_000);
        root.GetProperty("pingTimeout").GetInt64().ShouldBe(20_000);
        root.GetProperty("maxPayload").GetInt64().ShouldBe(1_000_000);
    }

    [Fact]
    public async Task Websocket_handshake_offers_no_upgrade()
    {
        await using var host = await EngineHost.StartAsync();
        await using var client = await WebSocketClient.ConnectAsync(host);
        (await client.ReadAsync()).ShouldContain("\"upgrades\":[]");
        (await host.Application.NextAsync()).Session.Transport.ShouldBe(EngineTransports.WebSocket);
    }

    [Theory]
    [InlineData(false, EngineTransports.Polling | EngineTransports.WebSocket)]
    [InlineData(true, EngineTransports.Polling)]
    public async Task Upgrade_that_is_not_allowed_is_not_offered(bool allow, EngineTransports transports)
    {
        await using var host = await EngineHost.StartAsync(options =>
        {
            options.AllowUpgrades = allow;
            options.Transports = transports;
        });
        (await host.Http.GetStringAsync("?EIO=4&transport=polling", TestContext.Current.CancellationToken)).ShouldContain("\"upgrades\":[]");
    }

    [Fact]
    public async Task Session_ids_differ()
    {
        await using var host = await EngineHost.StartAsync();
        var sids = new HashSet<string>();
        for (var i = 0; i < 50; i++)
            sids.Add((await PollingClient.OpenAsync(host)).Sid).ShouldBeTrue();
    }

    [Fact]
    public async Task Handshake_is_a_snapshot_that_outlives_its_request()
    {
        await using var host = await EngineHost.StartAsync();
        using (var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Http.BaseAddress!, "?EIO=4&transport=polling&room=a%20b")))
        {
            request.Headers.Add("X-Who", "me");
            request.Headers.Add("Origin", "http://elsewhere.example");
            using var response = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);
        }

        var handshake = (await host.Application.NextAsync()).Session.Handshake;

        // The connection's request object is used again by this one.
        using var other = await host.Http.GetAsync("?EIO=4&transport=polling&room=other", TestContext.Current.CancellationToken);
        handshake.Headers["X-Who"].ToString().ShouldBe("me");
        handshake.Query["room"].ToString().ShouldBe("a b");
        handshake.Url.ShouldBe("/engine.io/?EIO=4&transport=polling&room=a%20b");
        handshake.RemoteAddress.ShouldBe(IPAddress.Loopback);
        handshake.CrossOrigin.ShouldBeTrue();
        handshake.Secure.ShouldBeFalse();
    }

    [Fact]
    public void Headers_of_a_handshake_are_those_of_the_request_and_read_only()
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Host = "chat.example";
        context.Request.Headers["X-Many"] = new StringValues(["a", "b"]);
        context.Request.Headers["X-Long"] = new string('x', 5000);
        context.Request.Headers["X-Null"] = new StringValues([null]);
        var headers = HandshakeSnapshot.Take(context, TimeProvider.System).Headers;
        context.Request.Headers.Clear();

        headers.Host.ToString().ShouldBe("chat.example");
        headers["x-many"].ToArray().ShouldBe(["a", "b"]);
        headers["X-Long"].ToString().Length.ShouldBe(5000);
        headers["X-Null"].ToString().ShouldBe("");
        headers["X-None"].Count.ShouldBe(0);
        headers.ContentLength.ShouldBeNull();
        headers.ContainsKey("X-MANY").ShouldBeTrue();
        headers.TryGetValue("X-None", out _).ShouldBeFalse();
        Should.Throw<KeyNotFoundException>(() => ((IDictionary<string, StringValues>)headers)["X-None"]);
        headers.Select(header => header.Key).Order().ShouldBe(["Host", "X-Long", "X-Many", "X-Null"]);
        headers.Keys.Count.ShouldBe(headers.Count);
        headers.IsReadOnly.ShouldBeTrue();
        Should.Throw<NotSupportedException>(() => headers.Host = "another");
        Should.Throw<NotSupportedException>(() => headers.Remove("Host"));
    }

    [Fact]
    public async Task What_two_clients_say_alike_is_held_once()
    {
        // Two texts may meet in one place, and then each takes it from the other: of sixteen not all do.
        const int Count = 16;
        await using var host = await EngineHost.StartAsync();
        var handshakes = new List<EngineHandshake>();
        foreach (var who in (string[])["one", "another"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Http.BaseAddress!, "?EIO=4&transport=polling"));
            request.Headers.Add("X-Who", who);
            for (var i = 0; i < Count; i++)
                request.Headers.Add($"X-Alike-{i}", $"value {i}");
            using var response = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);
            handshakes.Add((await host.Application.NextAsync()).Session.Handshake);
        }

        handshakes.Select(handshake => handshake.Headers["X-Who"].ToString()).ShouldBe(["one", "another"]);
        var pairs = Enumerable.Range(0, Count).Select(i => handshakes.ConvertAll(handshake => handshake.Headers[$"X-Alike-{i}"].ToString())).ToList();
        pairs.ShouldAllBe(pair => pair[0] == pair[1]);
        pairs.ShouldContain(pair => ReferenceEquals(pair[0], pair[1]));
    }

    [Fact]
    public async Task Cookie_carries_the_session_id()
    {
        await using var host = await EngineHost.StartAsync(options => options.Cookie = EngineIOOptions.CreateCookie());
        using var response = await host.Http.GetAsync("?EIO=4&transport=polling", TestContext.Current.CancellationToken);
        var session = (await host.Application.NextAsync()).Session;
        response.Headers.GetValues("Set-Cookie").ShouldHaveSingleItem().ShouldBe($"io={session.Id}; path=/; samesite=lax; httponly");

        var client = new PollingClient(host.Http, session.Id);
        session.Send(Transports.OutboundMessages.Text("a"));
        using var poll = await host.Http.GetAsync(client.Url, TestContext.Current.CancellationToken);
        poll.Headers.Contains("Set-Cookie").ShouldBeFalse();
    }

    [Fact]
    public async Task Header_hooks_are_called_for_the_first_and_for_every_answer()
    {
        await using var host = await EngineHost.StartAsync(options =>
        {
            options.OnInitialHeaders = (_, headers) => headers["X-First"] = "1";
            options.OnHeaders = (_, headers) => headers["X-Every"] = "1";
        });
        using var first = await host.Http.GetAsync("?EIO=4&transport=polling", TestContext.Current.CancellationToken);
        first.Headers.Contains("X-First").ShouldBeTrue();
        first.Headers.Contains("X-Every").ShouldBeTrue();

        var session = (await host.Application.NextAsync()).Session;
        session.Send(Transports.OutboundMessages.Text("a"));
        using var poll = await host.Http.GetAsync(new PollingClient(host.Http, session.Id).Url, TestContext.Current.CancellationToken);
        poll.Headers.Contains("X-First").ShouldBeFalse();
        poll.Headers.Contains("X-Every").ShouldBeTrue();

        await using var raw = await RawWebSocket.ConnectAsync(host);
        raw.Response.ShouldContain("X-First: 1\r\n");
        raw.Response.ShouldContain("X-Every: 1\r\n");
    }

    [Fact]
    public async Task Websocket_is_accepted_with_the_key_of_the_rfc()
    {
        await using var host = await EngineHost.StartAsync();
        await using var raw = await RawWebSocket.ConnectAsync(host);
        raw.Response.ShouldStartWith("HTTP/1.1 101 ");
        raw.Response.ShouldContain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
        raw.Response.ShouldNotContain("Sec-WebSocket-Extensions");
    }

    [Theory]
    [InlineData("/engine.io")]
    [InlineData("/engine.io/")]
    public async Task Path_is_served_with_and_without_a_trailing_slash(string path)
    {
        await using var host = await EngineHost.StartAsync();
        (await host.Http.GetStringAsync(new Uri(host.Address, path + "?EIO=4&transport=polling"), TestContext.Current.CancellationToken)).ShouldStartWith("0{");
    }
}
