using System.Net.WebSockets;
using System.Text;
using EngineIO.Epoll;
using EngineIO.Sessions;
using EngineIO.Tests.Hosting;
using EngineIO.Tests.Transports;

namespace EngineIO.Tests.Epoll;

/// <summary>What a round of a loop has for many connections, with one system call for all of them and with one for each.</summary>
[Collection(typeof(AloneInProcess))]
public sealed class EpollBatchTests
{
    private readonly List<EngineSession> _members = [];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Loops_use_a_ring_only_where_they_may(bool ioUring)
    {
        await using var host = await StartAsync(ioUring, (_, data) => SendAll(Encoding.UTF8.GetString(data.Span)));
        await using var clients = await Members.JoinAsync(host, 3);
        var before = Rings();
        await clients[0].SendAsync("4all");
        foreach (var client in clients)
            (await client.ReadAsync()).ShouldBe("4all");
        using var own = IoUring.TryCreate(8);
        (Rings() - before - (own is null ? 0 : 1)).ShouldBe(ioUring && own is not null ? 1 : 0);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Everybody_gets_what_is_for_them_once_and_in_order(bool ioUring, bool deflate)
    {
        const int Clients = 40;
        var random = new Random(4711);
        var expected = Enumerable.Range(0, Clients).Select(_ => new List<string>()).ToArray();
        await using var host = await StartAsync(
            ioUring,
            (_, data) =>
            {
                // To all of them, to some, and to few; short and long, and at times more than one write takes: who gets the same, and who something else, differs each time.
                for (var turn = random.Next(1, 9); turn > 0; turn--)
                    Publish($"{turn} {new string('x', random.Next(8) == 0 ? random.Next(40_000) : random.Next(200))}", random.Next(3) switch { 0 => 1, 1 => 0.7, _ => 0.05 });
                Publish(Encoding.UTF8.GetString(data.Span), share: 1);
            },
            options => options.PerMessageDeflate = deflate);
        await using var clients = await Members.JoinAsync(host, Clients, deflate);
        for (var round = 0; round < 50; round++)
        {
            await clients[round % Clients].SendAsync($"4end {round}");
            for (var i = 0; i < Clients; i++)
            {
                var received = new List<string>();
                do
                {
                    received.Add(await clients[i].ReadAsync());
                }
                while (received[^1] != $"4end {round}");
                received.ShouldBe(expected[i]);
                expected[i].Clear();
            }
        }

        EpollHost.ShouldHaveLoggedNoError(host);

        void Publish(string text, double share)
        {
            var message = OutboundMessages.Text(text);
            for (var i = 0; i < Clients; i++)
            {
                if (random.NextDouble() >= share)
                    continue;
                expected[i].Add($"4{text}");
                _members[i].Send(message).ShouldBeTrue();
            }
        }
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 5)]
    [InlineData(false, 5)]
    public async Task Who_reads_late_gets_everything_and_holds_up_nobody(bool ioUring, int messagesAtOnce)
    {
        // Much more than the system takes for one connection: some writes find no room, and some too little.
        const int Rounds = 600;
        var padding = new string('x', 11_000);
        await using var host = await StartAsync(ioUring, (_, data) =>
        {
            for (var i = 0; i < messagesAtOnce; i++)
                SendAll($"{Encoding.UTF8.GetString(data.Span)}.{i} {padding}");
        });
        await using var clients = await Members.JoinAsync(host, 6);
        for (var round = 0; round < Rounds / messagesAtOnce; round++)
        {
            await clients[0].SendAsync($"4{round}");
            for (var i = 0; i < 3; i++)
                await ShouldReadAsync(clients[i], round);
        }

        _members.Count(member => !member.IsWritable).ShouldBe(3, "the others read nothing yet");
        for (var round = 0; round < Rounds / messagesAtOnce; round++)
        {
            for (var i = 3; i < 6; i++)
                await ShouldReadAsync(clients[i], round);
        }

        await clients[5].SendAsync("4end");
        foreach (var client in clients)
            await ShouldReadAsync(client, "end");

        async Task ShouldReadAsync(WebSocketClient client, object round)
        {
            for (var i = 0; i < messagesAtOnce; i++)
                (await client.ReadAsync()).ShouldBe($"4{round}.{i} {padding}");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_has_gone_or_is_closed_meanwhile_costs_the_others_nothing(bool ioUring)
    {
        using var go = new SemaphoreSlim(0);
        using var entered = new SemaphoreSlim(0);
        await using var host = await StartAsync(ioUring, (session, data) =>
        {
            SendAll(Encoding.UTF8.GetString(data.Span));
            if (!data.Span.SequenceEqual("hold"u8))
                return;

            // What has been put off waits: meanwhile one is closed by the server, and one resets its connection.
            entered.Release();
            go.Wait(EngineHost.Patience).ShouldBeTrue();
            _members[1].Close();
            _members[2].Close(discard: true);
        });
        await using var clients = await Members.JoinAsync(host, 5);
        await using (var lost = await RawWebSocket.ConnectAsync(host))
        {
            var its = await host.Application.NextAsync();
            await lost.SendAsync(RawWebSocket.Text("4here"));
            (await its.NextAsync()).ShouldBe("here");
            foreach (var client in clients)
                (await client.ReadAsync()).ShouldBe("4here");
            await clients[0].SendAsync("4hold");
            (await entered.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken)).ShouldBeTrue();
            lost.Reset();
            go.Release();
            (await its.ClosedReasonAsync()).ShouldBe(CloseReason.TransportClose);
        }

        foreach (var i in (int[])[0, 3, 4])
            (await clients[i].ReadAsync()).ShouldBe("4hold");
        (await clients[1].ReadAsync()).ShouldBe("4hold");
        (await clients[1].ReadAsync()).ShouldBe("close");
        (await clients[2].ReadAsync()).ShouldBe("close");
        await host.SessionsAsync(3);
        await clients[3].SendAsync("4end");
        foreach (var i in (int[])[0, 3, 4])
            (await clients[i].ReadAsync()).ShouldBe("4end");
        EpollHost.ShouldHaveLoggedNoError(host);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Application_that_takes_its_time_when_one_is_lost_holds_up_nobody_else(bool ioUring)
    {
        using var go = new ManualResetEventSlim();
        using var goOn = new SemaphoreSlim(0);
        using var entered = new SemaphoreSlim(0);
        using var closing = new SemaphoreSlim(0);
        await using var host = await StartAsync(
            ioUring,
            (_, data) =>
            {
                if (data.Span.SequenceEqual("hold"u8))
                {
                    entered.Release();
                    goOn.Wait(EngineHost.Patience).ShouldBeTrue();
                }

                SendAll(Encoding.UTF8.GetString(data.Span));
            },
            closing: _ =>
            {
                closing.Release();
                go.Wait(2 * EngineHost.Patience);
            });
        await using var before = await Members.JoinAsync(host, 2);
        await using var lost = await RawWebSocket.ConnectAsync(host);
        await host.Application.NextAsync();
        await using var after = await Members.JoinAsync(host, 3);
        try
        {
            // The loop writes to the one that is lost before it hears of that.
            await before[0].SendAsync("4hold");
            (await entered.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken)).ShouldBeTrue();
            lost.Reset();
            goOn.Release();
            foreach (var client in before.Concat(after))
                (await client.ReadAsync()).ShouldBe("4hold");
            (await closing.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken)).ShouldBeTrue();
            await after[2].SendAsync("4more");
            foreach (var client in before.Concat(after))
                (await client.ReadAsync()).ShouldBe("4more");
        }
        finally
        {
            go.Set();
        }
    }

    private Task<EngineHost> StartAsync(
        bool ioUring, Action<EngineSession, ReadOnlyMemory<byte>> handle, Action<EngineIOOptions>? configure = null, Action<EngineSession>? closing = null) =>
        EpollHost.StartAsync(
            options =>
            {
                options.MaxQueuedBytes = options.SoftQueuedBytes = 1024 * 1024 * 1024;
                configure?.Invoke(options);
            },
            application: new RecordingApplication
            {
                Opening = _members.Add,
                Closing = session => closing?.Invoke(session.Session),
                Handling = (session, data, _) =>
                {
                    handle(session.Session, data);
                    return default;
                },
            },
            epoll: options => options.IoUring = ioUring);

    private void SendAll(string text)
    {
        var message = OutboundMessages.Text(text);
        foreach (var member in _members)
            member.Send(message);
    }

    private static int Rings() => Directory.GetFiles("/proc/self/fd").Count(file => File.ResolveLinkTarget(file, returnFinalTarget: false)?.Name.Contains("[io_uring]", StringComparison.Ordinal) == true);

    /// <summary>Clients, in the order of their sessions. Every other one agrees to compression, if any.</summary>
    private sealed class Members : List<WebSocketClient>, IAsyncDisposable
    {
        public static async Task<Members> JoinAsync(EngineHost host, int count, bool deflate = false)
        {
            var members = new Members();
            for (var i = 0; i < count; i++)
            {
                members.Add(await WebSocketClient.OpenAsync(host, options => options.DangerousDeflateOptions = deflate && i % 2 == 0 ? new WebSocketDeflateOptions() : null));
                await host.Application.NextAsync();
            }

            return members;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var member in this)
                await member.DisposeAsync();
        }
    }
}
