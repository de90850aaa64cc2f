using System.Net;
using System.Net.Security;
using EngineIO.Sessions;
using EngineIO.Tests.Hosting;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EngineIO.Tests.Transports;

/// <summary>The transports behind TLS, over HTTP/1.1 and HTTP/2.</summary>
public sealed class Http2Tests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Polling_works_behind_tls(string version)
    {
        await using var host = await StartAsync();
        using var handler = Handler();
        using var http = new HttpClient(handler)
        {
            BaseAddress = new Uri(host.Address, "/engine.io/"),
            DefaultRequestVersion = Version.Parse(version),
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var client = await PollingClient.OpenAsync(http);
        var session = await host.Application.NextAsync();
        session.Session.Handshake.Secure.ShouldBeTrue();
        var poll = client.PollAsync();
        await EngineHost.EventuallyAsync(() => session.Session.IsWritable, "the poll waits");
        (await client.PostAsync("4hello")).Body.ShouldBe("ok");
        (await poll).ShouldBe((HttpStatusCode.OK, "4hello"));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Websocket_works_behind_tls(string version)
    {
        await using var host = await StartAsync();
        using var invoker = new HttpMessageInvoker(Handler());
        await using var client = await WebSocketClient.OpenAsync(host, options => Use(options, version), invoker);
        for (var i = 0; i < 50; i++)
        {
            await client.SendAsync($"4{i} {new string('x', i * 1000)}");
            (await client.ReadAsync()).ShouldBe($"4{i} {new string('x', i * 1000)}");
        }

        var session = await host.Application.NextAsync();
        await client.CloseAsync();
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.TransportClose);
        await host.SessionsAsync(0);
    }

    [Fact]
    public async Task Session_is_upgraded_and_closed_by_the_server_over_http2()
    {
        await using var host = await StartAsync();
        using var handler = Handler();
        using var http = new HttpClient(handler)
        {
            BaseAddress = new Uri(host.Address, "/engine.io/"),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var invoker = new HttpMessageInvoker(Handler());
        var polling = await PollingClient.OpenAsync(http);
        var session = await host.Application.NextAsync();
        await using var socket = await WebSocketClient.ConnectAsync(host, polling.Sid, options => Use(options, "2.0"), invoker);
        await socket.SendAsync("2probe");
        (await socket.ReadAsync()).ShouldBe("3probe");
        await socket.SendAsync("5");
        await socket.SendAsync("4over http/2");
        (await socket.ReadAsync()).ShouldBe("4over http/2");
        session.Session.Close();
        (await socket.ReadAsync()).ShouldBe("close");
        await socket.CloseAsync();
    }

    [Fact]
    public async Task Client_that_vanishes_over_http2_is_gone()
    {
        await using var host = await StartAsync();
        var invoker = new HttpMessageInvoker(Handler());
        var client = await WebSocketClient.OpenAsync(host, options => Use(options, "2.0"), invoker);
        var session = await host.Application.NextAsync();
        client.Socket.Abort();
        invoker.Dispose();
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.TransportClose);
        await host.SessionsAsync(0);
    }

    [Fact]
    public async Task Wrong_websocket_request_over_http2_is_refused()
    {
        await using var host = await StartAsync();
        using var invoker = new HttpMessageInvoker(Handler());
        var exception = await Should.ThrowAsync<System.Net.WebSockets.WebSocketException>(
            () => WebSocketClient.ConnectAsync(host, "unknown", options => Use(options, "2.0"), invoker));
        exception.Message.ShouldContain("400");
    }

    private static void Use(System.Net.WebSockets.ClientWebSocketOptions options, string version)
    {
        options.HttpVersion = Version.Parse(version);
        options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        options.CollectHttpResponseDetails = true;
    }

    private static Task<EngineHost> StartAsync() => EngineHost.StartAsync(
        application: RecordingApplication.Echo(),
        listen: options =>
        {
            options.Protocols = HttpProtocols.Http1AndHttp2;
            options.UseHttps(TestCertificate.Create());
        });

#pragma warning disable CA5359 // The certificate was made a moment ago by this test: there is nobody to vouch for it.
    private static SocketsHttpHandler Handler() => new()
    {
        UseProxy = false,
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
    };
#pragma warning restore CA5359
}
