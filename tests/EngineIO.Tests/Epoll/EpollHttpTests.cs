using System.Net;
using System.Net.Sockets;
using System.Text;
using EngineIO.Epoll;
using EngineIO.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace EngineIO.Tests.Epoll;

/// <summary>What Kestrel does for HTTP it does over the event loops too.</summary>
[Collection(typeof(AloneInProcess))]
public sealed class EpollHttpTests
{
    [Fact]
    public async Task Pipelined_requests_are_answered_in_order()
    {
        await using var host = await EpollHost.StartAsync(map: app => app.MapGet("/{number}", (string number) => Results.Bytes(Encoding.ASCII.GetBytes($"{number,3}"))));
        await using var raw = await RawWebSocket.ConnectTcpAsync(host);
        var requests = Enumerable.Range(0, 200).Select(i => $"GET /{i} HTTP/1.1\r\nHost: test\r\n{(i == 199 ? "Connection: close\r\n" : "")}\r\n");
        await raw.SendAsync(Encoding.ASCII.GetBytes(string.Concat(requests)));
        for (var i = 0; i < 200; i++)
        {
            (await raw.ReadResponseAsync()).ShouldStartWith("HTTP/1.1 200");
            Encoding.ASCII.GetString(await raw.ReadAsync(3)).ShouldBe($"{i,3}");
        }
    }

    [Fact]
    public async Task Body_is_asked_for_with_100_continue()
    {
        await using var host = await EpollHost.StartAsync(map: app => app.MapPost("/", async (HttpContext context) =>
            $"got {await new StreamReader(context.Request.Body).ReadToEndAsync(context.RequestAborted)}"));
        await using var raw = await RawWebSocket.ConnectTcpAsync(host);
        await raw.SendAsync("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"u8.ToArray());
        (await raw.ReadResponseAsync()).ShouldStartWith("HTTP/1.1 100");
        await raw.SendAsync("hello"u8.ToArray());
        (await raw.ReadResponseAsync()).ShouldStartWith("HTTP/1.1 200");
    }

    [Fact]
    public async Task Client_that_goes_cancels_its_request()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await EpollHost.StartAsync(map: app => app.MapGet("/", async (HttpContext context) =>
        {
            await using var registration = context.RequestAborted.Register(cancelled.SetResult);
            begun.SetResult();
            await cancelled.Task;
        }));
        await using var raw = await RawWebSocket.ConnectTcpAsync(host);
        await raw.SendAsync("GET / HTTP/1.1\r\nHost: test\r\n\r\n"u8.ToArray());
        await begun.Task.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken);
        raw.Reset();
        await cancelled.Task.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task What_follows_the_upgrade_request_at_once_is_not_lost()
    {
        await using var host = await EpollHost.StartAsync();
        var text = "4" + new string('x', 20_000);
        for (var i = 0; i < 20; i++)
        {
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
    }

    [Fact]
    public async Task Port_in_use_is_told_as_kestrel_tells_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var app = Build(kestrel => kestrel.Listen((IPEndPoint)taken.LocalEndpoint));
        var exception = await Should.ThrowAsync<IOException>(() => app.StartAsync(TestContext.Current.CancellationToken));
        exception.InnerException.ShouldBeOfType<AddressInUseException>();
        exception.Message.ShouldContain("address already in use");
    }

    [Fact]
    public async Task Any_address_serves_both_versions_of_ip_and_unix_sockets_stay_with_kestrel()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        var path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        await using var app = Build(kestrel =>
        {
            kestrel.ListenAnyIP(0);
            kestrel.ListenUnixSocket(path);
        });
        app.MapGet("/", (HttpContext context) => $"{context.Connection.LocalIpAddress?.MapToIPv6()} {context.Connection.RemoteIpAddress?.MapToIPv6()}");
        await app.StartAsync(TestContext.Current.CancellationToken);
        var port = app.Urls.Select(url => new Uri(url.Replace("[::]", "localhost", StringComparison.Ordinal))).First(url => url.Port > 0).Port;
        using var http = new HttpClient();
        (await http.GetStringAsync($"http://127.0.0.1:{port}/", TestContext.Current.CancellationToken)).ShouldBe("::ffff:127.0.0.1 ::ffff:127.0.0.1");
        if (Socket.OSSupportsIPv6)
            (await http.GetStringAsync($"http://[::1]:{port}/", TestContext.Current.CancellationToken)).ShouldBe("::1 ::1");

        using var local = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        (await local.GetStringAsync("http://local/", TestContext.Current.CancellationToken)).ShouldBe(" ");
    }

    private static WebApplication Build(Action<KestrelServerOptions> kestrel)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel);
        builder.WebHost.UseEpollTransport();
        return builder.Build();
    }
}
