using System.Text;
using EngineIO.Sessions;
using EngineIO.Tests.Hosting;

namespace EngineIO.Tests.Sessions;

/// <summary>Messages of which clients send a part and not the rest.</summary>
public sealed class IncompleteMessagesTests
{
    // Takes 256 KiB of memory.
    private const int PartLength = 200_000;

    // Room for two.
    private const int Most = 600_000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_kept_the_server_waiting_longest_has_to_go_when_all_together_send_too_much_in_part(bool polling)
    {
        await using var host = await EngineHost.StartAsync(options => options.MaxTotalIncompleteBytes = Most);
        await using var oldest = polling ? await PostPartAsync(host) : await SendPartAsync(host);
        var ended = await host.Application.NextAsync();
        await KeptAsync(host, PartLength);
        await using var second = await SendPartAsync(host);
        var goesOn = await host.Application.NextAsync();
        await KeptAsync(host, 2 * PartLength);

        // Much, but nothing of it in part for long.
        await using var busy = await RawWebSocket.ConnectAsync(host);
        var sends = await host.Application.NextAsync();
        ended.Session.IsOpen.ShouldBeTrue();
        await using var third = await SendPartAsync(host);

        var (reason, exception) = await ended.ClosedAsync();
        reason.ShouldBe(CloseReason.TransportError);
        exception!.Message.ShouldContain($"{Most} bytes");

        // The clock stands still: it is cut, and not asked to leave.
        await oldest.ReadToEndAsync();
        for (var i = 0; i < 20; i++)
            await busy.SendAsync(RawWebSocket.Frame(0x81, Encoding.ASCII.GetBytes("4" + new string('b', 150))));
        (await sends.NextAsync()).Length.ShouldBe(150);
        await second.SendAsync(RawWebSocket.Frame(0x80, "end"u8));
        (await goesOn.NextAsync()).Length.ShouldBe(PartLength + 2);
        await third.SendAsync(RawWebSocket.Frame(0x80, "end"u8));
        await EngineHost.EventuallyAsync(() => Kept(host) == 0, "nothing is kept of what has come whole");
    }

    [Fact]
    public async Task Who_sends_message_after_message_is_never_among_those_who_have_to_go()
    {
        await using var host = await EngineHost.StartAsync(options => options.MaxTotalIncompleteBytes = Most);
        await using var busy = await RawWebSocket.ConnectAsync(host);
        var sends = await host.Application.NextAsync();
        var message = RawWebSocket.Frame(0x81, Encoding.ASCII.GetBytes("4" + new string('b', PartLength)));
        for (var i = 0; i < 10; i++)
        {
            await using var partial = await SendPartAsync(host);
            await busy.SendAsync(message);
            (await sends.NextAsync()).Length.ShouldBe(PartLength);
        }

        sends.Session.IsOpen.ShouldBeTrue();
    }

    [Fact]
    public async Task One_message_may_be_sent_however_small_the_limit()
    {
        await using var host = await EngineHost.StartAsync(options => options.MaxTotalIncompleteBytes = 1);
        await using var client = await SendPartAsync(host);
        var session = await host.Application.NextAsync();
        await client.SendAsync(RawWebSocket.Frame(0x80, "end"u8));
        (await session.NextAsync()).Length.ShouldBe(PartLength + 2);
    }

    [Fact]
    public async Task Nothing_counts_of_clients_that_have_gone()
    {
        await using var host = await EngineHost.StartAsync();
        await using (await SendPartAsync(host))
        await using (await PostPartAsync(host))
            await KeptAsync(host, 2 * PartLength);

        await EngineHost.EventuallyAsync(() => Kept(host) == 0, "nothing is kept");
    }

    private static async Task<RawWebSocket> SendPartAsync(EngineHost host)
    {
        var client = await RawWebSocket.ConnectAsync(host);
        await client.SendAsync(RawWebSocket.Frame(0x01, Encoding.ASCII.GetBytes("4" + new string('a', PartLength - 1))));
        return client;
    }

    private static async Task<RawWebSocket> PostPartAsync(EngineHost host)
    {
        var polling = await PollingClient.OpenAsync(host);
        var client = await RawWebSocket.ConnectTcpAsync(host);
        await client.SendAsync(Encoding.ASCII.GetBytes(
            $"POST /engine.io/?EIO=4&transport=polling&sid={polling.Sid} HTTP/1.1\r\nHost: test\r\nContent-Type: text/plain\r\nContent-Length: {2 * PartLength}\r\n\r\n4{new string('a', PartLength - 1)}"));
        return client;
    }

    private static long Kept(EngineHost host) => ((IEngineHost)host.Server).Incomplete.Bytes;

    private static Task KeptAsync(EngineHost host, long bytes) => EngineHost.EventuallyAsync(() => Kept(host) >= bytes, $"{bytes} bytes are kept");
}
