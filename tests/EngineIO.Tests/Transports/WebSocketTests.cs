using System.IO.Compression;
using System.Text;
using EngineIO.Sessions;
using EngineIO.Tests.Hosting;
using EngineIO.Transports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;

namespace EngineIO.Tests.Transports;

public sealed class WebSocketTests
{
    [Theory]
    [InlineData(0x8a, "pongs")]
    [InlineData(0xff, "no frame at all, after which only the end of the connection is waited for")]
    public async Task Client_that_sends_without_end_does_not_keep_the_thread(int first, string what)
    {
        const int Reads = 10_000;
        var stream = new EndlessStream(RawWebSocket.Frame((byte)first, []), Reads);
        var readAtOnce = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await EngineHost.StartAsync(map: app => app.Use(async (context, next) =>
        {
            context.Features.Set<IHttpUpgradeFeature>(stream);
            var running = next(context);
            readAtOnce.SetResult(stream.ReadsOfThread(Environment.CurrentManagedThreadId));
            await running;
        }));
        await using var raw = await RawWebSocket.ConnectTcpAsync(host);
        await raw.SendAsync(RawWebSocket.Opening(host));

        (await readAtOnce.Task.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken)).ShouldBeInRange(1, Reads / 10, what);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_that_sends_many_small_messages_at_once_does_not_keep_the_thread(bool polling)
    {
        const int Messages = 500;
        using var handled = new ThreadLocal<int>(trackAllValues: true);
        var application = new RecordingApplication
        {
            Handling = (_, _, _) =>
            {
                handled.Value++;
                return ValueTask.CompletedTask;
            },
        };
        var handledAtOnce = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var frame = RawWebSocket.Text("4x");
        await using var host = await EngineHost.StartAsync(application: application, map: app => app.Use(async (context, next) =>
        {
            if (!polling)
                context.Features.Set<IHttpUpgradeFeature>(new EndlessStream(frame, reads: 1));
            var before = handled.Value;
            var running = next(context);
            if (!polling || HttpMethods.IsPost(context.Request.Method))
                handledAtOnce.SetResult(handled.Value - before);
            await running;
        }));
        await using var raw = await RawWebSocket.ConnectTcpAsync(host);
        if (polling)
        {
            var body = string.Join('\u001e', Enumerable.Repeat("4x", Messages));
            var sid = (await PollingClient.OpenAsync(host)).Sid;
            await raw.SendAsync(Encoding.ASCII.GetBytes($"POST /engine.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: test\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        }
        else
        {
            await raw.SendAsync(RawWebSocket.Opening(host));
        }

        (await handledAtOnce.Task.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken)).ShouldBeLessThan(200);
        await EngineHost.EventuallyAsync(() => handled.Values.Sum() >= Messages, "all of them are handled");
    }

    [Fact]
    public async Task Messages_come_and_go_in_order()
    {
        await using var host = await EngineHost.StartAsync(application: RecordingApplication.Echo());
        await using var client = await WebSocketClient.OpenAsync(host);
        for (var i = 0; i < 200; i++)
        {
            await client.SendAsync($"4text {i}");
            await client.SendAsync([1, (byte)i]);
        }

        for (var i = 0; i < 200; i++)
        {
            (await client.ReadAsync()).ShouldBe($"4text {i}");
            (await client.ReadAsync()).ShouldBe($"b:01{i:X2}");
        }
    }

    [Fact]
    public async Task Messages_of_all_sizes_come_back_whole()
    {
        await using var host = await EngineHost.StartAsync(application: RecordingApplication.Echo());
        await using var client = await WebSocketClient.OpenAsync(host);
        foreach (var length in (int[])[0, 1, 124, 125, 126, 4094, 4095, 4096, 4097, 65_534, 65_535, 65_536, 999_999])
        {
            var text = "4" + new string('x', length);
            await client.SendAsync(text);
            (await client.ReadAsync()).ShouldBe(text);
        }

        await client.SendAsync([]);
        (await client.ReadAsync()).ShouldBe("b:");
    }

    [Fact]
    public async Task Many_senders_at_once_each_keep_their_order()
    {
        await using var host = await EngineHost.StartAsync();
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        const int Senders = 4, Messages = 2000;
        var sending = Enumerable.Range(0, Senders).Select(sender => Task.Run(
            () =>
            {
                for (var i = 0; i < Messages; i++)
                    session.Send(OutboundMessages.Text($"{sender}:{i}")).ShouldBeTrue();
            },
            TestContext.Current.CancellationToken)).ToArray();
        var next = new int[Senders];
        for (var i = 0; i < Senders * Messages; i++)
        {
            var parts = (await client.ReadAsync())[1..].Split(':');
            int.Parse(parts[1], null).ShouldBe(next[int.Parse(parts[0], null)]++);
        }

        await Task.WhenAll(sending);
    }

    [Fact]
    public async Task Message_in_fragments_split_at_every_byte_is_one_message()
    {
        await using var host = await EngineHost.StartAsync();
        await using var raw = await RawWebSocket.ConnectAsync(host);
        var session = await host.Application.NextAsync();
        var bytes = Encoding.UTF8.GetBytes("4h€llo");
        for (var split = 0; split <= bytes.Length; split++)
        {
            await raw.SendAsync(RawWebSocket.Frame(0x01, bytes.AsSpan(0, split)));
            await raw.SendAsync(RawWebSocket.Frame(0x80, bytes.AsSpan(split)));
            (await session.NextAsync()).ShouldBe("h€llo");
        }
    }

    [Fact]
    public async Task Frame_that_arrives_byte_by_byte_is_one_message()
    {
        await using var host = await EngineHost.StartAsync();
        await using var raw = await RawWebSocket.ConnectAsync(host);
        var session = await host.Application.NextAsync();
        foreach (var single in RawWebSocket.Text("4hello"))
            await raw.SendAsync([single]);
        (await session.NextAsync()).ShouldBe("hello");
    }

    [Fact]
    public async Task Ping_frame_is_answered_between_messages()
    {
        await using var host = await EngineHost.StartAsync(application: RecordingApplication.Echo());
        await using var raw = await RawWebSocket.ConnectAsync(host);
        (await raw.ReadTextAsync()).ShouldStartWith("0{");
        await raw.SendAsync([.. RawWebSocket.Frame(0x89, "abc"u8), .. RawWebSocket.Text("4x")]);
        var (first, payload) = await raw.ReadFrameAsync();
        first.ShouldBe((byte)0x8a);
        payload.ShouldBe("abc"u8.ToArray());
        (await raw.ReadTextAsync()).ShouldBe("4x");
    }

    public static TheoryData<string, byte[], int> Violations => new()
    {
        { "unmasked", RawWebSocket.Frame(0x81, "4x"u8, masked: false), 1002 },
        { "reserved bit", RawWebSocket.Frame(0xc1, "4x"u8), 1002 },
        { "unknown opcode", RawWebSocket.Frame(0x83, "4x"u8), 1002 },
        { "continuation of nothing", RawWebSocket.Frame(0x80, "4x"u8), 1002 },
        { "fragmented control frame", RawWebSocket.Frame(0x09, "x"u8), 1002 },
        { "control frame of 126 bytes", RawWebSocket.Frame(0x89, new byte[126]), 1002 },
        { "length with the top bit", [0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], 1002 },
        { "new message inside another", [.. RawWebSocket.Frame(0x01, "4x"u8), .. RawWebSocket.Frame(0x81, "4y"u8)], 1002 },
        { "close frame with one byte", RawWebSocket.Frame(0x88, [1]), 1002 },
        { "close frame with a forbidden status", RawWebSocket.Frame(0x88, [0x03, 0xed]), 1002 },
        { "invalid UTF-8", RawWebSocket.Frame(0x81, [(byte)'4', 0xc3, 0x28]), 1007 },
        { "packet of no known type", RawWebSocket.Text("abc"), 1002 },
        { "empty packet", RawWebSocket.Text(""), 1002 },
        { "ping, which only the server sends", RawWebSocket.Text("2"), 1002 },
    };

    [Theory]
    [MemberData(nameof(Violations))]
    public async Task Violation_closes_the_socket_with_a_status_and_ends_the_session(string what, byte[] bytes, int status)
    {
        var time = new FakeTimeProvider();
        await using var host = await EngineHost.StartAsync(time: time);
        await using var raw = await RawWebSocket.ConnectAsync(host);
        var session = await host.Application.NextAsync();
        await raw.SendAsync(bytes);
        (await raw.ReadCloseAsync()).ShouldBe(status, what);
        (await session.ClosedReasonAsync()).ShouldBeOneOf(CloseReason.TransportError, CloseReason.ParseError);
        session.HasMessage.ShouldBeFalse();
        host.Server.SessionCount.ShouldBe(0);
        await raw.SendAsync(RawWebSocket.Frame(0x88, [0x03, 0xe8]));
        var end = raw.ReadToEndAsync();
        await EngineHost.EventuallyAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return end.IsCompleted;
            },
            "the connection ends");
        await end;
    }

    [Theory]
    [InlineData(1000, false)]
    [InlineData(1001, true)]
    [InlineData(50_000, true)]
    public async Task Message_over_the_limit_is_refused_with_1009(int length, bool refused)
    {
        await using var host = await EngineHost.StartAsync(options => options.MaxHttpBufferSize = 1000);
        await using var raw = await RawWebSocket.ConnectAsync(host);
        var session = await host.Application.NextAsync();
        await raw.SendAsync(RawWebSocket.Text("4" + new string('x', length - 1)));
        if (!refused)
        {
            (await session.NextAsync()).Length.ShouldBe(length - 1);
            return;
        }

        (await raw.ReadCloseAsync()).ShouldBe(1009);
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.TransportError);
        host.Server.SessionCount.ShouldBe(0);
    }

    [Fact]
    public async Task Small_message_that_inflates_beyond_the_limit_is_refused_with_1009()
    {
        await using var host = await EngineHost.StartAsync(options =>
        {
            options.PerMessageDeflate = true;
            options.MaxHttpBufferSize = 100_000;
        });
        await using var raw = await RawWebSocket.ConnectAsync(host, headers: "Sec-WebSocket-Extensions: permessage-deflate\r\n");
        raw.Response.ShouldContain("permessage-deflate");
        var session = await host.Application.NextAsync();
        using var compressed = new MemoryStream();
        using (var deflate = new DeflateStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
            deflate.Write(Encoding.ASCII.GetBytes("4" + new string('x', 20_000_000)));
        compressed.Length.ShouldBeLessThan(100_000);
        await raw.SendAsync(RawWebSocket.Frame(0xc1, compressed.ToArray()));
        (await raw.ReadCloseAsync()).ShouldBe(1009);
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.TransportError);
        session.HasMessage.ShouldBeFalse();
    }

    [Fact]
    public async Task Fragments_add_up_to_the_limit()
    {
        await using var host = await EngineHost.StartAsync(options => options.MaxHttpBufferSize = 1000);
        await using var raw = await RawWebSocket.ConnectAsync(host);
        await raw.SendAsync(RawWebSocket.Frame(0x01, "4"u8));
        for (var i = 0; i < 20; i++)
            await raw.SendAsync(RawWebSocket.Frame(0x00, new byte[99]));
        (await raw.ReadCloseAsync()).ShouldBe(1009);
        await host.SessionsAsync(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connection_that_breaks_inside_a_frame_is_a_transport_close(bool reset)
    {
        await using var host = await EngineHost.StartAsync();
        var raw = await RawWebSocket.ConnectAsync(host);
        var session = await host.Application.NextAsync();
        await raw.SendAsync(RawWebSocket.Text("4truncated")[..6]);
        if (reset)
            raw.Reset();
        else
            await raw.DisposeAsync();
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.TransportClose);
        session.HasMessage.ShouldBeFalse();
        await host.SessionsAsync(0);
    }

    [Fact]
    public async Task Client_that_closes_is_answered()
    {
        await using var host = await EngineHost.StartAsync();
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        await client.CloseAsync();
        client.Socket.CloseStatus.ShouldBe(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure);
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.TransportClose);
        await host.SessionsAsync(0);
    }

    [Theory]
    [InlineData(new byte[] { 0x03, 0xe9, (byte)'b', (byte)'y', (byte)'e' }, new byte[] { 0x03, 0xe9 })]
    [InlineData(new byte[] { 0x0f, 0xa0 }, new byte[] { 0x0f, 0xa0 })]
    [InlineData(new byte[0], new byte[0])]
    public async Task Close_frame_is_answered_with_its_own_status(byte[] payload, byte[] answer)
    {
        await using var host = await EngineHost.StartAsync();
        await using var raw = await RawWebSocket.ConnectAsync(host);
        var session = await host.Application.NextAsync();
        (await raw.ReadTextAsync()).ShouldStartWith("0{");
        await raw.SendAsync(RawWebSocket.Frame(0x88, payload));
        var (first, answered) = await raw.ReadFrameAsync();
        first.ShouldBe((byte)0x88);
        answered.ShouldBe(answer);
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.TransportClose);
        await raw.ReadToEndAsync();
    }

    [Fact]
    public async Task Violation_is_named_in_the_close_frame_and_to_the_application()
    {
        await using var host = await EngineHost.StartAsync();
        await using var raw = await RawWebSocket.ConnectAsync(host);
        var session = await host.Application.NextAsync();
        (await raw.ReadTextAsync()).ShouldStartWith("0{");
        await raw.SendAsync(RawWebSocket.Frame(0x81, "4x"u8, masked: false));
        var (_, payload) = await raw.ReadFrameAsync();
        Encoding.UTF8.GetString(payload.AsSpan(2)).ShouldBe("The frame is not masked.");
        var (_, exception) = await session.ClosedAsync();
        exception.ShouldBeOfType<ProtocolViolationException>().Message.ShouldBe("The frame is not masked.");
    }

    [Fact]
    public async Task Client_whose_message_is_refused_can_send_the_rest_and_close()
    {
        await using var host = await EngineHost.StartAsync(options => options.MaxHttpBufferSize = 1000);
        await using var raw = await RawWebSocket.ConnectAsync(host);
        var session = await host.Application.NextAsync();
        var message = RawWebSocket.Text("4" + new string('x', 2_000_000));
        await raw.SendAsync(message[..100_000]);
        (await raw.ReadCloseAsync()).ShouldBe(1009);
        await raw.SendAsync(message[100_000..]);
        await raw.SendAsync(RawWebSocket.Text("4one more"));
        await raw.SendAsync(RawWebSocket.Frame(0x88, [0x03, 0xf1]));

        // The clock stands still: it is the client's close frame that ends the connection.
        await raw.ReadToEndAsync();
        session.HasMessage.ShouldBeFalse();
    }

    [Fact]
    public async Task Message_stays_as_it_is_until_the_application_is_done_with_it()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var application = new RecordingApplication
        {
            Handling = async (_, data, _) =>
            {
                if (data.Span[0] != 'w')
                    return;
                await release.Task;
                seen.SetResult(Encoding.UTF8.GetString(data.Span));
            },
        };
        await using var host = await EngineHost.StartAsync(application: application);
        await using var waiting = await RawWebSocket.ConnectAsync(host);
        var first = await host.Application.NextAsync();
        await using var other = await WebSocketClient.OpenAsync(host);
        var second = await host.Application.NextAsync();
        await waiting.SendAsync([.. RawWebSocket.Text("4wait " + new string('x', 500)), .. RawWebSocket.Text("4next")]);
        (await first.NextAsync()).ShouldStartWith("wait");
        for (var i = 0; i < 100; i++)
        {
            await other.SendAsync("4" + new string('y', 1000));
            (await second.NextAsync()).Length.ShouldBe(1000);
        }

        first.HasMessage.ShouldBeFalse("one message is handled at a time");
        release.SetResult();
        (await seen.Task.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken)).ShouldBe("wait " + new string('x', 500));
        (await first.NextAsync()).ShouldBe("next");
    }

    [Fact]
    public async Task Close_packet_ends_the_session()
    {
        await using var host = await EngineHost.StartAsync();
        await using var client = await WebSocketClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        await client.SendAsync("1");
        (await client.ReadAsync()).ShouldBe("close");
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.TransportClose);
    }

    [Fact]
    public async Task Compression_is_negotiated_and_a_compressed_message_is_shared()
    {
        await using var host = await EngineHost.StartAsync(options => options.PerMessageDeflate = true, application: RecordingApplication.Echo());
        await using var deflating = await WebSocketClient.OpenAsync(host, options => options.DangerousDeflateOptions = new());
        await using var plain = await WebSocketClient.OpenAsync(host);
        var sessions = new[] { (await host.Application.NextAsync()).Session, (await host.Application.NextAsync()).Session };
        var text = string.Concat(Enumerable.Range(0, 2000).Select(i => $"{i},"));
        var writer = new OutboundMessageWriter();
        foreach (var part in new[] { text, "small", text + text })
        {
            writer.BeginText();
            Encoding.UTF8.GetBytes(part, writer);
        }

        var message = writer.Build();
        foreach (var session in sessions)
        {
            for (var i = 0; i < 3; i++)
                session.Send(message);
        }

        message.FramesDeflated(1024).Equals(message.FramesDeflated(1024)).ShouldBeTrue();
        message.FramesDeflated(1024).Length.ShouldBeLessThan(message.Length * 3 / 4);
        foreach (var client in new[] { deflating, plain })
        {
            for (var i = 0; i < 3; i++)
            {
                (await client.ReadAsync()).ShouldBe("4" + text);
                (await client.ReadAsync()).ShouldBe("4small");
                (await client.ReadAsync()).ShouldBe("4" + text + text);
            }

            await client.SendAsync("4" + text);
            (await client.ReadAsync()).ShouldBe("4" + text);
            await client.SendAsync("4again " + text);
            (await client.ReadAsync()).ShouldBe("4again " + text);
        }
    }

    [Fact]
    public void Message_that_must_not_be_or_does_not_get_smaller_stays_as_it_is()
    {
        var kept = OutboundMessages.Text(new string('x', 5000), compress: false);
        kept.FramesDeflated(0).Equals(kept.Frames).ShouldBeTrue();
        var noise = new byte[2000];
        new Random(1).NextBytes(noise);
        var binary = OutboundMessage.Binary(noise);
        binary.FramesDeflated(0).Equals(binary.Frames).ShouldBeTrue();
    }

    [Theory]
    [InlineData("permessage-deflate", true)]
    [InlineData("permessage-deflate; client_max_window_bits", true)]
    [InlineData("permessage-deflate; server_max_window_bits=15; client_max_window_bits=\"9\"", true)]
    [InlineData("x-webkit-deflate-frame, permessage-deflate; server_no_context_takeover", true)]
    [InlineData("permessage-deflate; server_max_window_bits=10", false)]
    [InlineData("permessage-deflate; server_max_window_bits=10, permessage-deflate", true)]
    [InlineData("permessage-deflate; client_max_window_bits=16", false)]
    [InlineData("permessage-deflate; unknown", false)]
    [InlineData("permessage-deflate; server_no_context_takeover; server_no_context_takeover", false)]
    [InlineData("permessage-deflate; server_no_context_takeover=1", false)]
    [InlineData("", false)]
    [InlineData(";;,,=", false)]
    public void Offer_of_compression_is_accepted_when_it_can_be_kept(string offer, bool accepted) =>
        PerMessageDeflate.IsAcceptable([offer]).ShouldBe(accepted);
}
