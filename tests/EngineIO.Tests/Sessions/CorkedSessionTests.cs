using System.Net;
using EngineIO.Sessions;
using EngineIO.Tests.Epoll;
using EngineIO.Tests.Hosting;
using EngineIO.Tests.Transports;

namespace EngineIO.Tests.Sessions;

/// <summary>What an application keeps back until it has finished something.</summary>
public sealed class CorkedSessionTests
{
    [Fact]
    public async Task What_is_sent_to_a_corked_websocket_leaves_in_order_with_the_last_uncork()
    {
        await using var host = await EngineHost.StartAsync(application: RecordingApplication.Echo());
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        await using var other = await WebSocketClient.OpenAsync(host);
        session.Cork();
        session.Cork();
        var read = client.ReadAsync();
        session.Send(OutboundMessages.Text("first")).ShouldBeTrue();
        session.IsWritable.ShouldBeTrue("it leaves as soon as it may");
        session.Uncork();
        session.Send(OutboundMessages.Text("second")).ShouldBeTrue();
        await client.SendAsync("4echoed");
        for (var i = 0; i < 20; i++)
            await EpollHost.ShouldEchoAsync(other, $"{i}");
        read.IsCompleted.ShouldBeFalse();
        session.Uncork();
        (await read).ShouldBe("4first");
        (await client.ReadAsync()).ShouldBe("4second");
        (await client.ReadAsync()).ShouldBe("4echoed");

        // One too many does nothing.
        session.Uncork();
        await EpollHost.ShouldEchoAsync(client, "as before");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_sent_to_a_corked_polling_session_is_one_answer(bool pollsBefore)
    {
        await using var host = await EngineHost.StartAsync();
        var client = await PollingClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        var poll = pollsBefore ? client.PollAsync() : null;
        if (pollsBefore)
            await EngineHost.EventuallyAsync(() => session.IsWritable, "the poll waits");
        session.Cork();
        session.Send(OutboundMessages.Text("first"));
        poll ??= client.PollAsync();
        await EngineHost.EventuallyAsync(() => session.IsWritable, "the poll waits");
        session.Send(OutboundMessages.Text("second"));
        session.Uncork();
        (await poll).ShouldBe((HttpStatusCode.OK, "4first\u001e4second"));
    }

    [Fact]
    public async Task What_was_kept_back_leaves_over_the_websocket_that_an_upgrade_has_brought_meanwhile()
    {
        await using var host = await EngineHost.StartAsync();
        var polling = await PollingClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        session.Cork();
        session.Send(OutboundMessages.Text("kept"));
        await using var client = await WebSocketClient.ConnectAsync(host, polling.Sid);
        await client.SendAsync("2probe");
        (await client.ReadAsync()).ShouldBe("3probe");
        await client.SendAsync("5");
        await EngineHost.EventuallyAsync(() => session.Transport == EngineTransports.WebSocket, "the upgrade");
        session.Uncork();
        (await client.ReadAsync()).ShouldBe("4kept");
    }

    [Fact]
    public async Task Close_ends_it_so_that_what_was_sent_before_leaves()
    {
        await using var host = await EngineHost.StartAsync();
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        session.Session.Cork();
        session.Session.Send(OutboundMessages.Text("last"));
        session.Session.Close();
        (await client.ReadAsync()).ShouldBe("4last");
        (await client.ReadAsync()).ShouldBe("close");
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ForcedClose);
        session.Session.Cork();
        session.Session.Uncork();
    }

    [Fact]
    public async Task Draining_ends_it_and_waits_for_nothing_that_cannot_leave()
    {
        await using var host = await EngineHost.StartAsync();
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        session.Cork();
        session.Send(OutboundMessages.Text("some"));
        await session.DrainAsync(0).AsTask().WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken);
        (await client.ReadAsync()).ShouldBe("4some");
    }

    [Theory]
    [InlineData(16, 1024 * 1024)]
    [InlineData(1024, 16 * 1024)]
    public async Task More_than_a_queue_holds_ends_it_and_counts_against_nobody(int maxMessages, int maxBytes)
    {
        const int Count = 100;
        await using var host = await EngineHost.StartAsync(options =>
        {
            options.MaxQueuedMessages = maxMessages;
            options.MaxQueuedBytes = options.SoftQueuedBytes = maxBytes;
        });
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        session.Cork();
        for (var i = 0; i < Count; i++)
        {
            session.Send(OutboundMessages.Text($"{i} {new string('x', 1000)}")).ShouldBeTrue();

            // From here on it is no matter of the cork.
            if (i >= 16)
                await session.DrainAsync(0);
        }

        for (var i = 0; i < Count; i++)
            (await client.ReadAsync()).ShouldStartWith($"4{i} ");
    }
}
