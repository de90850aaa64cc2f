using System.Net.Sockets;
using System.Text;
using EngineIO.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EngineIO.Tests.Epoll;

/// <summary>Connections that come and go.</summary>
[Collection(typeof(AloneInProcess))]
public sealed class EpollConnectionLifeTests
{
    [Fact]
    public async Task Short_connections_however_they_end_leave_nothing_behind_and_get_nobody_elses_bytes()
    {
        const int Churning = 4, Rounds = 400, Echoing = 3;
        await using var host = await EpollHost.StartAsync(loops: 2);
        await using (var warm = await WebSocketClient.OpenAsync(host))
            await EpollHost.ShouldEchoAsync(warm, "warm");
        await host.SessionsAsync(0);
        var sockets = EpollHost.Sockets();
        using var enough = new CancellationTokenSource();
        var echoing = Enumerable.Range(0, Echoing).Select(number => Task.Run(() => EchoAsync(host, number, enough.Token), TestContext.Current.CancellationToken)).ToArray();
        await Task.WhenAll(Enumerable.Range(0, Churning).Select(number => Task.Run(() => ChurnAsync(host, number, Rounds), TestContext.Current.CancellationToken)));
        await enough.CancelAsync();
        (await Task.WhenAll(echoing)).ShouldAllBe(echoes => echoes > 0);
        await host.SessionsAsync(0);
        await EngineHost.EventuallyAsync(() => EpollHost.Sockets() <= sockets, "every file is closed");
        EpollHost.ShouldHaveLoggedNoError(host);
    }

    [Fact]
    public async Task Clients_that_reset_while_an_answer_is_sent_leave_nothing_behind()
    {
        var answer = new byte[8 * 1024 * 1024];
        await using var host = await EpollHost.StartAsync(map: app => app.MapGet("/large", () => Results.Bytes(answer)));
        var sockets = EpollHost.Sockets();
        for (var i = 0; i < 30; i++)
        {
            await using var raw = await RawWebSocket.ConnectTcpAsync(host);
            await raw.SendAsync(Encoding.ASCII.GetBytes("GET /large HTTP/1.1\r\nHost: test\r\n\r\n"));
            await raw.ReadAsync(100_000);
            raw.Reset();
        }

        await EngineHost.EventuallyAsync(() => EpollHost.Sockets() <= sockets, "every file is closed");
        EpollHost.ShouldHaveLoggedNoError(host);
    }

    [Fact]
    public async Task Websocket_that_is_refused_after_it_was_accepted_is_closed()
    {
        EngineHost? running = null;
        await using var host = await EpollHost.StartAsync(
            options => options.OnInitialHeaders = (_, _) => _ = running!.Server.CloseAsync(CancellationToken.None));
        running = host;
        var sockets = EpollHost.Sockets();
        await using (var raw = await RawWebSocket.ConnectAsync(host))
            await raw.ReadToEndAsync();
        await EngineHost.EventuallyAsync(() => EpollHost.Sockets() <= sockets, "the file is closed");
        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Clients_that_reset_before_their_upgrade_is_answered_leave_nothing_behind(bool direct)
    {
        await using var host = await EpollHost.StartAsync(epoll: options => options.DirectUpgrades = direct);
        await using (var first = await WebSocketClient.OpenAsync(host))
            await EpollHost.ShouldEchoAsync(first, "first");
        await host.SessionsAsync(0);
        var polling = await PollingClient.OpenAsync(host);
        var sockets = EpollHost.Sockets();
        for (var i = 0; i < 100; i++)
        {
            await using var raw = await RawWebSocket.ConnectTcpAsync(host);
            await raw.SendAsync(RawWebSocket.Opening(host, polling.Sid));
            raw.Reset();
        }

        await EngineHost.EventuallyAsync(() => EpollHost.Sockets() <= sockets, "every file is closed");
        EpollHost.ShouldHaveLoggedNoError(host);

        // Kestrel too has forgotten all of them.
        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Connections_that_are_cut_as_soon_as_they_are_accepted_are_no_error()
    {
        await using var host = await EpollHost.StartAsync(loops: 2, listen: options => options.Use(_ => connection =>
        {
            connection.Abort();
            return Task.CompletedTask;
        }));
        var sockets = EpollHost.Sockets();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            async () =>
            {
                for (var i = 0; i < 1000; i++)
                {
                    try
                    {
                        await using var raw = await RawWebSocket.ConnectTcpAsync(host);
                        raw.Reset();
                    }
                    catch (SocketException)
                    {
                        // Cut before it could be used.
                    }
                }
            },
            TestContext.Current.CancellationToken)));

        await EngineHost.EventuallyAsync(() => EpollHost.Sockets() <= sockets, "every file is closed");
        EpollHost.ShouldHaveLoggedNoError(host);
    }

    private static async Task<int> EchoAsync(EngineHost host, int number, CancellationToken enough)
    {
        await using var client = await WebSocketClient.OpenAsync(host);
        var count = 0;
        while (!enough.IsCancellationRequested)
            await EpollHost.ShouldEchoAsync(client, $"echo {number} {count++}");
        await client.CloseAsync();
        return count;
    }

    private static async Task ChurnAsync(EngineHost host, int number, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            if (i % 4 == 3)
            {
                // Gone before it has said anything, or in the middle of a request.
                await using var silent = await RawWebSocket.ConnectTcpAsync(host);
                if (i % 8 == 3)
                    await silent.SendAsync("GET /engine.io/?EIO"u8.ToArray());
                silent.Reset();
                continue;
            }

            await using var raw = await RawWebSocket.ConnectAsync(host);
            (await raw.ReadTextAsync())[0].ShouldBe('0');
            var text = $"4churn {number} {i}";
            await raw.SendAsync([.. RawWebSocket.Text(text), .. RawWebSocket.Text(text + " again")]);
            switch (i % 4)
            {
                case 0:
                    // In the middle of what it is sent.
                    raw.Reset();
                    break;
                case 1:
                    (await raw.ReadTextAsync()).ShouldBe(text);
                    raw.Reset();
                    break;
                default:
                    (await raw.ReadTextAsync()).ShouldBe(text);
                    (await raw.ReadTextAsync()).ShouldBe(text + " again");
                    break;
            }
        }
    }
}
