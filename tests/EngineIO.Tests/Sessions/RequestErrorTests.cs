using System.Net;
using System.Text;
using EngineIO.Tests.Hosting;

namespace EngineIO.Tests.Sessions;

/// <summary>Requests that cannot be served get the official server's answer, checked in its order.</summary>
public sealed class RequestErrorTests
{
    private const string UnknownTransport = """{"code":0,"message":"Transport unknown"}""";
    private const string UnknownSession = """{"code":1,"message":"Session ID unknown"}""";
    private const string BadMethod = """{"code":2,"message":"Bad handshake method"}""";
    private const string BadRequest = """{"code":3,"message":"Bad request"}""";
    private const string UnsupportedProtocol = """{"code":5,"message":"Unsupported protocol version"}""";

    [Theory]
    [InlineData("GET", "", UnknownTransport)]
    [InlineData("GET", "?EIO=4", UnknownTransport)]
    [InlineData("GET", "?EIO=4&transport=", UnknownTransport)]
    [InlineData("GET", "?EIO=4&transport=abc", UnknownTransport)]
    [InlineData("GET", "?EIO=4&transport=POLLING", UnknownTransport)]
    [InlineData("GET", "?EIO=4&transport=constructor", UnknownTransport)]
    [InlineData("GET", "?EIO=4&transport=polling&transport=polling", UnknownTransport)]
    [InlineData("GET", "?EIO=4&transport=polling,websocket", UnknownTransport)]
    [InlineData("GET", "?EIO=4&transport=abc&sid=abc", UnknownTransport)]
    [InlineData("GET", "?EIO=4&transport=polling&sid=abc", UnknownSession)]
    [InlineData("POST", "?EIO=4&transport=polling&sid=abc", UnknownSession)]
    [InlineData("GET", "?EIO=4&transport=polling&sid=a&sid=b", UnknownSession)]
    [InlineData("GET", "?EIO=4&transport=polling&sid=%00%FF%27", UnknownSession)]
    [InlineData("POST", "?EIO=4&transport=polling", BadMethod)]
    [InlineData("PUT", "?EIO=4&transport=polling", BadMethod)]
    [InlineData("DELETE", "?EIO=3&transport=polling", BadMethod)]
    [InlineData("OPTIONS", "?EIO=4&transport=polling", BadMethod)]
    [InlineData("GET", "?EIO=4&transport=websocket", BadRequest)]
    [InlineData("GET", "?transport=polling", UnsupportedProtocol)]
    [InlineData("GET", "?EIO=3&transport=polling", UnsupportedProtocol)]
    [InlineData("GET", "?EIO=abc&transport=polling", UnsupportedProtocol)]
    [InlineData("GET", "?EIO=4&EIO=4&transport=polling", UnsupportedProtocol)]
    [InlineData("GET", "?&&==&%%%&EIO=4", UnknownTransport)]
    public async Task Request_is_refused_with_code_and_message(string method, string query, string answer)
    {
        await using var host = await EngineHost.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(host.Http.BaseAddress + query));
        using var response = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        response.Content.Headers.ContentType!.ToString().ShouldBe("application/json");
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe(answer);
        host.Server.SessionCount.ShouldBe(0);
    }

    [Fact]
    public async Task Upgrade_in_http_1_0_is_none()
    {
        await using var host = await EngineHost.StartAsync();
        await using var raw = await RawWebSocket.ConnectTcpAsync(host);
        await raw.SendAsync(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(RawWebSocket.Opening(host)).Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal)));
        (await raw.ReadResponseAsync()).ShouldContain(" 400 ");
    }

    [Fact]
    public async Task Session_id_of_ten_kilobytes_is_unknown()
    {
        // More than Kestrel's request line allows by default: then it is Kestrel that answers, and still nothing breaks.
        await using var host = await EngineHost.StartAsync();
        foreach (var length in (int[])[4000, 10_000])
        {
            using var response = await host.Http.GetAsync($"?EIO=4&transport=polling&sid={new string('x', length)}", TestContext.Current.CancellationToken);
            response.StatusCode.ShouldBeOneOf(HttpStatusCode.BadRequest, HttpStatusCode.RequestUriTooLong);
        }

        await PollingClient.OpenAsync(host);
    }

    [Fact]
    public async Task Origin_with_characters_that_no_header_has_is_refused()
    {
        await using var host = await EngineHost.StartAsync();
        await using var raw = await RawWebSocket.ConnectTcpAsync(host);
        await raw.SendAsync("GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nOrigin: http://ю.example\r\n\r\n"u8.ToArray());
        (await raw.ReadResponseAsync()).ShouldStartWith("HTTP/1.1 400 ");
    }

    [Fact]
    public async Task Known_session_on_another_transport_is_refused()
    {
        await using var host = await EngineHost.StartAsync();
        await using var client = await WebSocketClient.OpenAsync(host);
        using var poll = await host.Http.GetAsync($"?EIO=4&transport=polling&sid={client.Sid}", TestContext.Current.CancellationToken);
        poll.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await poll.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe(BadRequest);

        var polling = await PollingClient.OpenAsync(host);
        using var other = await host.Http.GetAsync($"?EIO=4&transport=websocket&sid={polling.Sid}", TestContext.Current.CancellationToken);
        (await other.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe(BadRequest);
        host.Server.SessionCount.ShouldBe(2);
    }

    [Fact]
    public async Task Known_session_with_another_protocol_version_is_refused_and_lives_on()
    {
        await using var host = await EngineHost.StartAsync();
        var polling = await PollingClient.OpenAsync(host);
        using var response = await host.Http.GetAsync($"?EIO=3&transport=polling&sid={polling.Sid}", TestContext.Current.CancellationToken);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe(BadRequest);
        (await polling.PostAsync("4still here")).Body.ShouldBe("ok");
    }

    [Fact]
    public async Task Known_session_with_another_method_is_refused_and_lives_on()
    {
        await using var host = await EngineHost.StartAsync();
        var polling = await PollingClient.OpenAsync(host);
        using var response = await host.Http.DeleteAsync(polling.Url, TestContext.Current.CancellationToken);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe(BadRequest);
        (await polling.PostAsync("4still here")).Body.ShouldBe("ok");
    }

    [Theory]
    [InlineData(EngineTransports.Polling, "websocket")]
    [InlineData(EngineTransports.WebSocket, "polling")]
    public async Task Transport_that_is_not_served_is_unknown(EngineTransports served, string asked)
    {
        await using var host = await EngineHost.StartAsync(options => options.Transports = served);
        using var response = await host.Http.GetAsync($"?EIO=4&transport={asked}", TestContext.Current.CancellationToken);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe(UnknownTransport);
    }

    [Theory]
    [InlineData("EIO=4&transport=abc", "", "400", UnknownTransport)]
    [InlineData("EIO=4&transport=polling", "", "400", BadRequest)]
    [InlineData("EIO=3&transport=websocket", "", "400", UnsupportedProtocol)]
    [InlineData("EIO=4&transport=websocket&sid=abc", "", "400", UnknownSession)]
    [InlineData("EIO=4&transport=websocket", "Sec-WebSocket-Key: short\r\n", "400", BadRequest)]
    [InlineData("EIO=4&transport=websocket", "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r\n", "400", BadRequest)]
    public async Task Websocket_request_is_refused_before_it_is_upgraded(string query, string key, string status, string answer)
    {
        await using var host = await EngineHost.StartAsync();
        await using var raw = await RawWebSocket.ConnectTcpAsync(host);
        if (key.Length == 0)
            key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        await raw.SendAsync(System.Text.Encoding.ASCII.GetBytes(
            $"GET /engine.io/?{query} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n{key}\r\n"));
        (await raw.ReadResponseAsync()).ShouldStartWith($"HTTP/1.1 {status} ");
        System.Text.Encoding.UTF8.GetString(await raw.ReadAsync(answer.Length)).ShouldBe(answer);
    }

    [Fact]
    public async Task Websocket_of_another_version_is_told_the_right_one()
    {
        await using var host = await EngineHost.StartAsync();
        await using var raw = await RawWebSocket.ConnectTcpAsync(host);
        await raw.SendAsync("GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"u8.ToArray());
        var response = await raw.ReadResponseAsync();
        response.ShouldStartWith("HTTP/1.1 400 ");
        response.ShouldContain("Sec-WebSocket-Version: 13\r\n");
    }

    [Fact]
    public async Task More_sessions_than_allowed_are_answered_503()
    {
        await using var host = await EngineHost.StartAsync(options => options.MaxSessions = 1);
        var first = await PollingClient.OpenAsync(host);
        using (var second = await host.Http.GetAsync("?EIO=4&transport=polling", TestContext.Current.CancellationToken))
        {
            second.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            (await second.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("Too many sessions");
        }

        await first.PostAsync("1");
        await PollingClient.OpenAsync(host);
    }

    [Fact]
    public async Task Application_that_refuses_a_request_says_why()
    {
        await using var host = await EngineHost.StartAsync(options => options.AllowRequest = context =>
            context.Request.Query["token"].ToString() switch
            {
                "good" => new((string?)null),
                "silent" => new(""),
                "throw" => throw new InvalidOperationException("on purpose"),
                _ => new("Thou shall not pass"),
            });
        foreach (var (token, message) in new[] { ("bad", "Thou shall not pass"), ("silent", "Forbidden"), ("throw", "Forbidden") })
        {
            using var response = await host.Http.GetAsync($"?EIO=4&transport=polling&token={token}", TestContext.Current.CancellationToken);
            response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe($$"""{"code":4,"message":"{{message}}"}""");
        }

        using var allowed = await host.Http.GetAsync("?EIO=4&transport=polling&token=good", TestContext.Current.CancellationToken);
        allowed.StatusCode.ShouldBe(HttpStatusCode.OK);
        host.Log.Entries.ShouldContain(entry => entry.Exception is InvalidOperationException);
        host.Server.SessionCount.ShouldBe(1);
    }

    [Fact]
    public async Task Application_that_throws_while_opening_leaves_no_session()
    {
        var application = new RecordingApplication { Opening = _ => throw new InvalidOperationException("on purpose") };
        await using var host = await EngineHost.StartAsync(application: application);
        await PollingClient.OpenAsync(host).ContinueWith(opened => opened.Result.ShouldBeGoneAsync(), TestContext.Current.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default).Unwrap();
        await using var socket = await WebSocketClient.OpenAsync(host);
        (await socket.ReadAsync()).ShouldBe("close");
        await host.SessionsAsync(0);
    }
}
