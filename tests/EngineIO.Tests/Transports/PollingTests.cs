using System.Net;
using System.Text;
using EngineIO.Sessions;
using EngineIO.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using EngineIO.Transports;

namespace EngineIO.Tests.Transports;

public sealed class PollingTests
{
    [Fact]
    public async Task Packets_of_a_post_reach_the_application_in_order()
    {
        await using var host = await EngineHost.StartAsync();
        var client = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        var (status, body) = await client.PostAsync("4one\u001ebAQIDBA==\u001e4\u001e4zwei €");
        status.ShouldBe(HttpStatusCode.OK);
        body.ShouldBe("ok");
        (await session.NextAsync()).ShouldBe("one");
        (await session.NextAsync()).ShouldBe("b:01020304");
        (await session.NextAsync()).ShouldBe("");
        (await session.NextAsync()).ShouldBe("zwei €");
    }

    [Fact]
    public async Task What_waits_is_one_payload()
    {
        await using var host = await EngineHost.StartAsync();
        var client = await PollingClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        session.Send(OutboundMessages.Text("one"));
        session.Send(OutboundMessage.Binary([1, 2, 3, 4]));
        session.Send(OutboundMessages.Text("€"));
        using var response = await host.Http.GetAsync(client.Url, TestContext.Current.CancellationToken);
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; charset=UTF-8");
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe("4one\u001ebAQIDBA==\u001e4€");
    }

    [Fact]
    public async Task Poll_that_waits_is_answered_when_something_is_sent()
    {
        await using var host = await EngineHost.StartAsync();
        var client = await PollingClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        session.IsWritable.ShouldBeFalse();
        var poll = client.PollAsync();
        await EngineHost.EventuallyAsync(() => session.IsWritable, "the poll waits");
        poll.IsCompleted.ShouldBeFalse();
        session.Send(OutboundMessages.Text("now")).ShouldBeTrue();
        (await poll).Body.ShouldBe("4now");
        session.IsWritable.ShouldBeFalse();
    }

    [Fact]
    public async Task One_answer_is_not_larger_than_a_message_may_be()
    {
        await using var host = await EngineHost.StartAsync(options => options.MaxHttpBufferSize = 1000);
        var client = await PollingClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        for (var i = 0; i < 10; i++)
            session.Send(OutboundMessages.Text(new string((char)('a' + i), 300)));
        session.Send(OutboundMessages.Text(new string('z', 3000)));
        var sizes = new List<int>();
        var packets = new List<string>();
        while (packets.Count < 11)
        {
            var body = (await client.PollAsync()).Body;
            sizes.Add(body.Length);
            packets.AddRange(body.Split('\u001e'));
        }

        packets.Select(packet => packet[1]).ShouldBe("abcdefghijz");
        sizes.ShouldBe([905, 905, 905, 301, 3001], ignoreOrder: false);
    }

    [Fact]
    public async Task Second_poll_ends_the_session()
    {
        await using var host = await EngineHost.StartAsync();
        var client = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        var first = client.PollAsync();
        await EngineHost.EventuallyAsync(() => session.Session.IsWritable, "the poll waits");
        (await client.PollAsync()).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await first).ShouldBe((HttpStatusCode.OK, "1"));
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.TransportError);
        await client.ShouldBeGoneAsync();
    }

    [Fact]
    public async Task Second_post_ends_the_session()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await EngineHost.StartAsync(application: new RecordingApplication { Handling = (_, _, _) => new ValueTask(release.Task) });
        var client = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        var first = client.PostAsync("4one");
        (await session.NextAsync()).ShouldBe("one");
        (await client.PostAsync("4two")).Status.ShouldBe(HttpStatusCode.BadRequest);
        session.ClosedCount.ShouldBe(0, "the application still handles a message");
        release.SetResult();
        await first;
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.TransportError);
        session.HasMessage.ShouldBeFalse();
        session.Overlapped.ShouldBeFalse();
        await client.ShouldBeGoneAsync();
    }

    [Theory]
    [InlineData("abc", CloseReason.ParseError)]
    [InlineData("", CloseReason.ParseError)]
    [InlineData("7", CloseReason.ParseError)]
    [InlineData("\u001e", CloseReason.ParseError)]
    [InlineData("bnot base64", CloseReason.ParseError)]
    [InlineData("2", CloseReason.TransportError)]
    [InlineData("2probe", CloseReason.TransportError)]
    public async Task Malformed_payload_ends_the_session(string payload, CloseReason reason)
    {
        await using var host = await EngineHost.StartAsync();
        var client = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        var (status, _) = await client.PostAsync(payload);
        if (reason == CloseReason.ParseError)
            status.ShouldBe(HttpStatusCode.BadRequest);
        var (closed, exception) = await session.ClosedAsync();
        closed.ShouldBe(reason);
        exception.ShouldBeOfType<ProtocolViolationException>();
        await client.ShouldBeGoneAsync();
        host.Server.SessionCount.ShouldBe(0);
    }

    [Fact]
    public async Task Packets_before_a_malformed_one_are_handled()
    {
        await using var host = await EngineHost.StartAsync();
        var client = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        (await client.PostAsync("4good\u001e9bad\u001e4never")).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await session.NextAsync()).ShouldBe("good");
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ParseError);
        session.HasMessage.ShouldBeFalse();
    }

    [Fact]
    public async Task Invalid_utf8_and_binary_bodies_end_the_session()
    {
        await using var host = await EngineHost.StartAsync();
        foreach (var (body, type) in new[] { ((byte[])[(byte)'4', 0xc3, 0x28], "text/plain"), ((byte[])[(byte)'4', 1], "application/octet-stream") })
        {
            var client = await PollingClient.OpenAsync(host);
            (await client.PostAsync(body, type)).Status.ShouldBe(HttpStatusCode.BadRequest);
            await client.ShouldBeGoneAsync();
        }
    }

    [Theory]
    [InlineData(1000, HttpStatusCode.OK)]
    [InlineData(1001, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(100_000, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Body_over_the_limit_is_answered_413_and_ends_the_session(int length, HttpStatusCode status)
    {
        await using var host = await EngineHost.StartAsync(options => options.MaxHttpBufferSize = 1000);
        var client = await PollingClient.OpenAsync(host);
        (await client.PostAsync("4" + new string('x', length - 1))).Status.ShouldBe(status);
        host.Server.SessionCount.ShouldBe(status == HttpStatusCode.OK ? 1 : 0);
    }

    [Fact]
    public async Task Body_whose_length_is_not_announced_is_limited_too()
    {
        await using var host = await EngineHost.StartAsync(options => options.MaxHttpBufferSize = 10_000);
        var client = await PollingClient.OpenAsync(host);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Http.BaseAddress + client.Url));
        request.Headers.TransferEncodingChunked = true;
        request.Content = new StreamContent(new MemoryStream(Encoding.ASCII.GetBytes("4" + new string('x', 10_000))));
        using var response = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        await client.ShouldBeGoneAsync();
    }

    [Fact]
    public async Task Body_that_drips_does_not_outlive_its_session()
    {
        const string Answer = """{"code":1,"message":"Session ID unknown"}""";
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await EngineHost.StartAsync(options => options.OnHeaders = (context, _) =>
        {
            if (HttpMethods.IsPost(context.Request.Method))
                arrived.SetResult();
        });
        var client = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        await using var raw = await RawWebSocket.ConnectTcpAsync(host);
        await raw.SendAsync(Encoding.ASCII.GetBytes(
            $"POST /engine.io/{client.Url} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n4\r\n"));
        await arrived.Task.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken);
        session.Session.Close(discard: true);
        await raw.SendAsync("1\r\na\r\n"u8.ToArray());
        (await raw.ReadResponseAsync()).ShouldStartWith("HTTP/1.1 400 ");

        // Not the server's own answer to a body that is too slow, which comes later, and never to one that drips fast enough.
        Encoding.ASCII.GetString(await raw.ReadAsync(Answer.Length)).ShouldBe(Answer);
        session.HasMessage.ShouldBeFalse();
    }

    [Fact]
    public async Task Payload_of_more_packets_than_allowed_ends_the_session_before_any_is_handled()
    {
        await using var host = await EngineHost.StartAsync();
        var client = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        (await client.PostAsync(string.Join('\u001e', Enumerable.Repeat("4a", 10_000)))).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.ParseError);
        session.HasMessage.ShouldBeFalse();
    }

    [Fact]
    public async Task Client_that_drops_a_poll_ends_the_session()
    {
        await using var host = await EngineHost.StartAsync();
        var client = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        using var drop = new CancellationTokenSource();
        var poll = host.Http.GetAsync(client.Url, drop.Token);
        await EngineHost.EventuallyAsync(() => session.Session.IsWritable, "the poll waits");
        await drop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(poll);
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.TransportError);
        await host.SessionsAsync(0);
    }

    [Fact]
    public async Task Client_that_closes_gets_a_noop_for_its_poll()
    {
        await using var host = await EngineHost.StartAsync();
        var client = await PollingClient.OpenAsync(host);
        var session = await host.Application.NextAsync();
        var poll = client.PollAsync();
        await EngineHost.EventuallyAsync(() => session.Session.IsWritable, "the poll waits");
        (await client.PostAsync("1\u001e4after the end")).ShouldBe((HttpStatusCode.OK, "ok"));
        (await poll).ShouldBe((HttpStatusCode.OK, "6"));
        (await session.ClosedReasonAsync()).ShouldBe(CloseReason.TransportClose);
        session.HasMessage.ShouldBeFalse();
        await client.ShouldBeGoneAsync();
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("deflate", "deflate")]
    [InlineData("gzip, deflate, br", "gzip")]
    [InlineData("gzip;q=0.5, deflate", "deflate")]
    [InlineData("*", "gzip")]
    [InlineData("gzip;q=0", null)]
    [InlineData("br", null)]
    [InlineData("", null)]
    public async Task Large_answers_are_compressed_for_those_who_accept_it(string accept, string? encoding)
    {
        await using var host = await EngineHost.StartAsync();
        var client = await PollingClient.OpenAsync(host);
        var session = (await host.Application.NextAsync()).Session;
        var text = new string('x', 5000);
        session.Send(OutboundMessages.Text(text));
        session.Send(OutboundMessages.Text("end"));
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Http.BaseAddress + client.Url));
        if (accept.Length > 0)
            request.Headers.Add("Accept-Encoding", accept);
        using var response = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);
        response.Content.Headers.ContentEncoding.SingleOrDefault().ShouldBe(encoding);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await using Stream plain = encoding switch
        {
            "gzip" => new System.IO.Compression.GZipStream(body, System.IO.Compression.CompressionMode.Decompress),
            "deflate" => new System.IO.Compression.ZLibStream(body, System.IO.Compression.CompressionMode.Decompress),
            _ => body,
        };
        using var reader = new StreamReader(plain);
        (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldBe($"4{text}\u001e4end");
        if (encoding is not null)
            response.Content.Headers.ContentLength!.Value.ShouldBeLessThan(500);
    }

    [Theory]
    [InlineData(true, 1000, true)]
    [InlineData(false, 5000, true)]
    [InlineData(true, 5000, false)]
    public async Task Small_answers_and_those_that_must_not_be_are_left_uncompressed(bool enabled, int length, bool compress)
    {
        await using var host = await EngineHost.StartAsync(options => options.HttpCompression = enabled);
        var client = await PollingClient.OpenAsync(host);
        (await host.Application.NextAsync()).Session.Send(OutboundMessages.Text(new string('x', length), compress));
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Http.BaseAddress + client.Url));
        request.Headers.Add("Accept-Encoding", "gzip");
        using var response = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);
        response.Content.Headers.ContentEncoding.ShouldBeEmpty();
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Length.ShouldBe(length + 1);
    }
}
