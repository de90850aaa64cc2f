using EngineIO.Tests.Hosting;
using EngineIO.Tests.Transports;

namespace EngineIO.Tests.Epoll;

/// <summary>Handlers that block the thread they are given, which is their event loop's.</summary>
[Collection(typeof(AloneInProcess))]
public sealed class BlockingHandlerTests
{
    [Fact]
    public async Task Others_on_the_same_loop_are_served_while_handlers_block_and_its_threads_end_afterwards()
    {
        const int Blocked = 5;
        using var go = new ManualResetEventSlim();
        var entered = 0;
        await using var host = await EpollHost.StartAsync(application: BlockOn(go, () => Interlocked.Increment(ref entered)));
        var before = EpollHost.LoopThreads();
        await using var other = await WebSocketClient.OpenAsync(host);
        var blocked = new List<WebSocketClient>();
        try
        {
            for (var i = 1; i <= Blocked; i++)
            {
                var client = await WebSocketClient.OpenAsync(host);
                blocked.Add(client);
                await client.SendAsync("4block");
                (await client.ReadAsync()).ShouldBe("4first", "what a handler sent before it blocked");
                (await client.ReadAsync()).ShouldBe("4second");
                Volatile.Read(ref entered).ShouldBe(i);
                for (var echo = 0; echo < 20; echo++)
                    await EpollHost.ShouldEchoAsync(other, $"{i} {echo}");
            }

            // A connection that comes only now.
            await using var late = await WebSocketClient.OpenAsync(host);
            await EpollHost.ShouldEchoAsync(late, "late");

            // What others send to it, and what it sends meanwhile.
            EpollHost.LoopThreads().ShouldBeGreaterThan(before);
            foreach (var client in blocked)
                await client.SendAsync("4behind");
            go.Set();
            foreach (var client in blocked)
            {
                (await client.ReadAsync()).ShouldBe("4third");
                (await client.ReadAsync()).ShouldBe("4behind");
                await EpollHost.ShouldEchoAsync(client, "normal again");
            }

            await EpollHost.ShouldEchoAsync(other, "normal too");

            // Two may stay, to be there the next time.
            await EngineHost.EventuallyAsync(() => EpollHost.LoopThreads() <= before + 2, "the threads end");
        }
        finally
        {
            go.Set();
            foreach (var client in blocked)
                await client.DisposeAsync();
        }

        EpollHost.ShouldHaveLoggedNoError(host);
    }

    [Fact]
    public async Task Messages_for_a_client_whose_handler_blocks_reach_it()
    {
        using var go = new ManualResetEventSlim();
        await using var host = await EpollHost.StartAsync(application: BlockOn(go, () => { }));
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        try
        {
            await client.SendAsync("4block");
            (await client.ReadAsync()).ShouldBe("4first");
            (await client.ReadAsync()).ShouldBe("4second");
            for (var i = 0; i < 100; i++)
            {
                session.Send(OutboundMessages.Text($"{i}")).ShouldBeTrue();
                (await client.ReadAsync()).ShouldBe($"4{i}");
            }
        }
        finally
        {
            go.Set();
        }

        (await client.ReadAsync()).ShouldBe("4third");
    }

    [Fact]
    public async Task Loops_end_with_the_host_also_after_handlers_have_blocked()
    {
        var before = EpollHost.LoopThreads();
        using var go = new ManualResetEventSlim();
        await using (var host = await EpollHost.StartAsync(application: BlockOn(go, () => { }), loops: 2))
        {
            var clients = new List<WebSocketClient>();
            for (var i = 0; i < 4; i++)
            {
                clients.Add(await WebSocketClient.OpenAsync(host));
                await clients[i].SendAsync("4block");
                (await clients[i].ReadAsync()).ShouldBe("4first");
            }

            go.Set();
            foreach (var client in clients)
            {
                (await client.ReadAsync()).ShouldBe("4second");
                (await client.ReadAsync()).ShouldBe("4third");
                await client.DisposeAsync();
            }
        }

        await EngineHost.EventuallyAsync(() => EpollHost.LoopThreads() <= before, "the threads end");
    }

    private static RecordingApplication BlockOn(ManualResetEventSlim go, Action entered) => new()
    {
        Handling = (session, data, _) =>
        {
            if (!data.Span.SequenceEqual("block"u8))
            {
                session.Session.Send(EngineIO.Transports.OutboundMessage.Text(data.Span));
                return default;
            }

            entered();
            session.Session.Send(OutboundMessages.Text("first"));
            session.Session.Send(OutboundMessages.Text("second"));
            go.Wait(EngineHost.Patience, CancellationToken.None);
            session.Session.Send(OutboundMessages.Text("third"));
            return default;
        },
    };
}
