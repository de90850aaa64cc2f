using System.Collections.Concurrent;
using System.Text;
using EngineIO.Epoll;
using EngineIO.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EngineIO.Tests.Epoll;

/// <summary>Opening requests that the loops give to the application themselves, once they know that nothing stands between.</summary>
[Collection(typeof(AloneInProcess))]
public sealed class DirectUpgradeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sessions_open_talk_and_upgrade_without_kestrel()
    {
        var direct = new ConcurrentQueue<bool>();
        await using var host = await StartAsync(direct);
        await host.Application.NextAsync();
        for (var i = 0; i < 20; i++)
        {
            await using var client = await WebSocketClient.OpenAsync(host);
            await EpollHost.ShouldEchoAsync(client, $"hello {i}");
            var handshake = (await host.Application.NextAsync()).Session.Handshake;
            handshake.Headers["Host"].ToString().ShouldBe($"127.0.0.1:{host.Port}");
            handshake.Query["transport"].ToString().ShouldBe("websocket");
            handshake.RemoteAddress!.ToString().ShouldBe("127.0.0.1");
            handshake.Secure.ShouldBeFalse();
        }

        direct.ShouldBe([false, .. Enumerable.Repeat(true, 20)]);

        var polling = await PollingClient.OpenAsync(host);
        direct.TryDequeue(out _);
        await using var upgraded = await WebSocketClient.ConnectAsync(host, polling.Sid);
        await upgraded.SendAsync("2probe");
        (await upgraded.ReadAsync()).ShouldBe("3probe");
        direct.Last().ShouldBeTrue();
        EpollHost.ShouldHaveLoggedNoError(host);
    }

    [Fact]
    public async Task Answers_are_those_of_kestrel()
    {
        await using var kestrel = await EpollHost.StartAsync(Refuse, map: app => Use(app, new ConcurrentQueue<bool>()));
        var direct = new ConcurrentQueue<bool>();
        await using var host = await StartAsync(direct, Refuse);
        const string Head = " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
        const string Key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        foreach (var (request, isDirect) in new (string, bool)[]
        {
            ($"GET /engine.io/?EIO=4&transport=websocket{Head}{Key}\r\n", true),
            ($"GET /engine.io?EIO=4&transport=websocket{Head}{Key}\r\n", true),
            ($"GET /engine.io/?EIO=3&transport=websocket{Head}{Key}\r\n", true),
            ($"GET /engine.io/?EIO=4&transport=none{Head}{Key}\r\n", true),
            ($"GET /engine.io/?EIO=4&transport=websocket&sid=unknown{Head}{Key}\r\n", true),
            ($"GET /engine.io/?EIO=4&transport=websocket{Head}\r\n", true),
            ($"GET /engine.io/?EIO=4&transport=websocket{Head}Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", true),
            ($"GET /engine.io/?EIO=4&transport=websocket{Head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n", true),
            ($"GET /engine.io/?EIO=4&transport=websocket{Head}{Key}X-Refuse: now\r\n\r\n", true),
            ($"GET /engine.io/?EIO=4&transport=websocket{Head}{Key}X-Refuse: later\r\n\r\n", true),
            ($"GET /engine.io/?EIO=4&transport=websocket{Head}{Key}X-Refuse: throw\r\n\r\n", true),
            ($"GET /engine.io/?EIO=4&transport=websocket{Head}{Key}X-Middleware: 401\r\n\r\n", true),
            ($"GET /engine.io/?EIO=4&transport=websocket{Head}{Key}X-Middleware: throw\r\n\r\n", true),
            ($"GET /engine.io/?EIO=4&transport=websocket{Head}{Key}X-Middleware: write\r\n\r\n", true),
            ($"GET /ENGINE.IO/?EIO=4&transport=websocket{Head}{Key}\r\n", false),
            ($"GET /other/?EIO=4&transport=websocket{Head}{Key}\r\n", false),
            ($"GET /engine.io/?EIO=4&transport=polling&sid=unknown HTTP/1.1\r\nHost: localhost\r\n\r\n", false),
            ($"GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{Key}\r\n", false),
            ($"GET /engine.io/?EIO=4&transport=websocket{Head}Host: twice\r\n{Key}\r\n", false),
        })
        {
            direct.Clear();
            var expected = await AskAsync(kestrel, request);
            (await AskAsync(host, request)).ShouldBe(expected, request);
            if (isDirect)
                direct.ToArray().ShouldBe([true], request);
            else
                direct.ShouldNotContain(true, request);
        }
    }

    [Fact]
    public async Task Request_that_comes_in_pieces_is_answered_too()
    {
        await using var host = await StartAsync([]);
        var request = RawWebSocket.Opening(host);
        foreach (var cut in new[] { 1, 3, 40, request.Length - 1 })
        {
            await using var raw = await RawWebSocket.ConnectTcpAsync(host);
            await raw.SendAsync(request[..cut]);
            await raw.SendAsync([.. request[cut..], .. RawWebSocket.Text("4early")]);
            (await raw.ReadResponseAsync()).ShouldStartWith("HTTP/1.1 101");
            (await raw.ReadTextAsync())[0].ShouldBe('0');
            (await raw.ReadTextAsync()).ShouldBe("4early");
        }
    }

    [Fact]
    public async Task What_follows_the_request_at_once_is_not_lost()
    {
        await using var host = await StartAsync([]);
        var text = "4" + new string('x', 20_000);
        await using var raw = await RawWebSocket.ConnectTcpAsync(host);
        await raw.SendAsync(
        [
            .. RawWebSocket.Opening(host),
            .. RawWebSocket.Text("4early"),
            .. RawWebSocket.Text(text),
        ]);
        (await raw.ReadResponseAsync()).ShouldStartWith("HTTP/1.1 101");
        (await raw.ReadTextAsync())[0].ShouldBe('0');
        (await raw.ReadTextAsync()).ShouldBe("4early");
        (await raw.ReadTextAsync()).ShouldBe(text);
    }

    [Fact]
    public async Task End_point_with_tls_serves_nobody_without()
    {
        var opened = 0;
        using var certificate = TestCertificate.Create();
        await using var host = await EpollHost.StartAsync(
            application: new RecordingApplication { Opening = _ => opened++ },
            listen: options => options.UseHttps(certificate),
            epoll: options => options.DirectUpgrades = true);
        for (var i = 0; i < 3; i++)
        {
#pragma warning disable CA5359 // The certificate was made a moment ago by this test: there is nobody to vouch for it.
            await using var client = await WebSocketClient.OpenAsync(host, options => options.RemoteCertificateValidationCallback = static (_, _, _, _) => true);
#pragma warning restore CA5359
            await using var raw = await RawWebSocket.ConnectTcpAsync(host);
            await raw.SendAsync(RawWebSocket.Opening(host));
            await raw.ReadToEndAsync();
        }

        opened.ShouldBe(3);
    }

    [Fact]
    public async Task Who_says_nothing_becomes_kestrels_and_is_answered_when_it_speaks()
    {
        var seen = 0;
        await using var host = await EpollHost.StartAsync(
            listen: options => options.Use(next => connection =>
            {
                Interlocked.Increment(ref seen);
                return next(connection);
            }),
            epoll: options => (options.DirectUpgrades, options.SilentTime) = (true, TimeSpan.FromMilliseconds(1)));
        await OpenDoorAsync(host);
        seen.ShouldBe(1);
        var silent = new List<RawWebSocket>();
        for (var i = 0; i < 50; i++)
            silent.Add(await RawWebSocket.ConnectTcpAsync(host));
        await EngineHost.EventuallyAsync(() => Volatile.Read(ref seen) == 51, "all are Kestrel's");
        foreach (var raw in silent)
        {
            await raw.SendAsync("GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            (await raw.ReadResponseAsync()).ShouldStartWith("HTTP/1.1 404");
            await raw.DisposeAsync();
        }
    }

    [Fact]
    public async Task Who_goes_without_a_word_or_within_one_leaves_nothing()
    {
        await using var host = await StartAsync([]);
        var sockets = EpollHost.Sockets();
        for (var i = 0; i < 50; i++)
        {
            var raw = await RawWebSocket.ConnectTcpAsync(host);
            if (i % 3 == 1)
                await raw.SendAsync("GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: local"u8.ToArray());
            if (i % 2 == 0)
                raw.Reset();
            else
                await raw.DisposeAsync();
        }

        await EngineHost.EventuallyAsync(() => EpollHost.Sockets() <= sockets, $"{sockets} sockets are open again");
        EpollHost.ShouldHaveLoggedNoError(host);
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_those_who_say_nothing()
    {
        await using var host = await EpollHost.StartAsync(epoll: options => (options.DirectUpgrades, options.SilentTime) = (true, TimeSpan.FromHours(1)));
        await OpenDoorAsync(host);
        await using var silent = await RawWebSocket.ConnectTcpAsync(host);

        // It is among those that are waited for as soon as somebody who came later has been served.
        await OpenDoorAsync(host);
        await host.StopAsync().WaitAsync(EngineHost.Patience, Cancellation);
        await silent.ReadToEndAsync();
    }

    [Fact]
    public async Task Client_that_goes_while_the_application_decides_cancels_its_request()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await StartAsync([], options => options.AllowRequest = async context =>
        {
            if (!context.Request.Headers.ContainsKey("X-Wait"))
                return null;
            await using var registration = context.RequestAborted.Register(cancelled.SetResult);
            begun.SetResult();
            await cancelled.Task;
            return "gone";
        });
        await using var raw = await RawWebSocket.ConnectTcpAsync(host);
        await raw.SendAsync(RawWebSocket.Opening(host, headers: "X-Wait: 1\r\n"));
        await begun.Task.WaitAsync(EngineHost.Patience, Cancellation);
        raw.Reset();
        await cancelled.Task.WaitAsync(EngineHost.Patience, Cancellation);
    }

    /// <summary>A host that has been shown that nothing stands between its end point and Kestrel.</summary>
    private static async Task<EngineHost> StartAsync(ConcurrentQueue<bool> direct, Action<EngineIOOptions>? configure = null)
    {
        var host = await EpollHost.StartAsync(configure, map: app => Use(app, direct), epoll: options => options.DirectUpgrades = true);
        await OpenDoorAsync(host);
        return host;
    }

    private static async Task OpenDoorAsync(EngineHost host)
    {
        await using var first = await WebSocketClient.OpenAsync(host);
        await EpollHost.ShouldEchoAsync(first, "first");
    }

    private static void Refuse(EngineIOOptions options) => options.AllowRequest = async context =>
    {
        switch (context.Request.Headers["X-Refuse"].ToString())
        {
            case "now":
                return "not you";
            case "later":
                await Task.Yield();
                return "not you either";
            case "throw":
                throw new InvalidOperationException("on purpose");
            default:
                return null;
        }
    };

    private static void Use(WebApplication app, ConcurrentQueue<bool> direct) => app.Use(async (context, next) =>
    {
        direct.Enqueue(context.Features.Get<IHttpRequestFeature>() is UpgradeExchange);
        context.Response.OnStarting(() =>
        {
            context.Response.Headers["X-Starting"] = "called";
            return Task.CompletedTask;
        });
        switch (context.Request.Headers["X-Middleware"].ToString())
        {
            case "401":
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                context.Response.Headers.WWWAuthenticate = "Bearer";
                return;
            case "throw":
                throw new InvalidOperationException("on purpose");
            case "write":
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                await context.Response.WriteAsync("in a ");
                await context.Response.BodyWriter.WriteAsync("few words"u8.ToArray());
                return;
            default:
                await next();
                return;
        }
    });

    /// <summary>The answer's status, body and those headers that are not about the connection.</summary>
    private static async Task<string> AskAsync(EngineHost host, string request)
    {
        await using var raw = await RawWebSocket.ConnectTcpAsync(host);
        await raw.SendAsync(Encoding.ASCII.GetBytes(request));
        var lines = (await raw.ReadResponseAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).ToDictionary(line => line.Split(": ")[0], line => line.Split(": ")[1], StringComparer.OrdinalIgnoreCase);
        var body = headers.TryGetValue("Content-Length", out var length) ? Encoding.UTF8.GetString(await raw.ReadAsync(int.Parse(length, System.Globalization.CultureInfo.InvariantCulture))) : "";
        if (headers.ContainsKey("Transfer-Encoding"))
            body = "in a few words";
        string[] connection = ["Content-Length", "Transfer-Encoding", "Date", "Server", "Connection", "Set-Cookie"];
        return $"{lines[0]}\n{string.Join('\n', headers.Where(header => !connection.Contains(header.Key)).Select(header => $"{header.Key}: {header.Value}").Order(StringComparer.Ordinal))}\n{body}";
    }
}
