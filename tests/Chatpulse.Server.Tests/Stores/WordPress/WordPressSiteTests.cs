using System.Net;
using System.Net.Http.Headers;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Identity;
using Chatpulse.Server.Stores.WordPress;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores.WordPress;

/// <summary>What a site may answer, and what becomes of it.</summary>
public sealed class WordPressSiteTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly HandlerSite _site;

    public WordPressSiteTests() => _site = new HandlerSite(hasBatch: true, _clock);

    public static TheoryData<string, int, string, string> Nonsense => new()
    {
        { "a page", 200, "<html><body>Welcome</body></html>", "text/html" },
        { "a page that says it is JSON", 200, "<html><body>Welcome</body></html>", "application/json" },
        { "JSON that ends early", 200, """{"messages":[{"id":1,"thread""", "application/json" },
        { "JSON of another shape", 200, """["a"]""", "application/json" },
        { "null", 200, "null", "application/json" },
        { "nothing", 200, "", "application/json" },
        { "an id that is none", 200, """{"messages":[{"id":"one"}]}""", "application/json" },
        { "a number that is too large", 200, """{"messages":[{"id":99999999999999999999}]}""", "application/json" },
        { "an error page", 500, "<h1>Error establishing a database connection</h1>", "text/html" },
        { "a fatal error", 500, """{"code":"internal_server_error","message":"There has been a critical error.","data":{"status":500}}""", "application/json" },
        { "no such page", 404, "<html>Not found</html>", "text/html" },
        { "a gateway's error", 502, """{"code":"x","message":"y"}""", "application/json" },
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _site.Dispose();

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task An_answer_that_makes_no_sense_is_unavailable_and_the_log_says_what_was_seen(string what, int status, string body, string contentType)
    {
        _site.Answer = (_, _) => Task.FromResult(HandlerSite.Text(status, body, contentType));

        var refusal = await RefusedAsync();

        refusal.Code.ShouldBe(ChatErrorCodes.Unavailable, what);
        var log = string.Join('\n', _site.Log);
        log.ShouldContain($"status {status}");
        log.ShouldContain(contentType);
        log.ShouldContain(body[..Math.Min(20, body.Length)]);
    }

    [Fact]
    public async Task Text_in_another_charset_is_not_read()
    {
        _site.Answer = (_, _) =>
        {
            var response = HandlerSite.Json(200, """{"messages":[],"has_more":false}""");
            response.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "iso-8859-1");
            return Task.FromResult(response);
        };

        (await RefusedAsync()).Code.ShouldBe(ChatErrorCodes.Unavailable);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_is_too_long_is_not_read_to_its_end(bool saysHowLong)
    {
        _site.Answer = (_, _) =>
        {
            var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new Endless(saysHowLong ? 100_000_000 : null)) };
            response.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            if (saysHowLong)
                response.Content.Headers.ContentLength = 100_000_000;
            return Task.FromResult(response);
        };

        (await RefusedAsync()).Code.ShouldBe(ChatErrorCodes.Unavailable);
        string.Join('\n', _site.Log).ShouldContain("answered more than 4194304 bytes");
    }

    [Fact]
    public async Task A_page_of_very_long_messages_comes_in_smaller_pages()
    {
        _site.Answer = (request, _) => Task.FromResult(request.Path.EndsWith("limit=100", StringComparison.Ordinal)
            ? HandlerSite.Json(200, new string(' ', SiteCall.MessagesAnswer + 1))
            : HandlerSite.Json(200, """{"messages":[{"id":1,"thread_id":1,"sender_id":7,"content":"long"}],"has_more":true}"""));

        for (var i = 0; i < 2 * CircuitBreaker.FailuresToOpen; i++)
        {
            var page = await _site.Store.HistoryAsync(7, 1, null, null, 100, Cancellation);
            (page.Messages.Count, page.HasMore).ShouldBe((1, true));
        }
    }

    [Fact]
    public async Task An_answer_with_a_broken_compression_is_unavailable()
    {
        _site.Answer = (_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new Broken()) });

        (await RefusedAsync()).Code.ShouldBe(ChatErrorCodes.Unavailable);
    }

    [Fact]
    public async Task A_redirect_is_not_followed_and_says_what_to_set()
    {
        _site.Answer = (_, _) =>
        {
            var response = new HttpResponseMessage(HttpStatusCode.MovedPermanently);
            response.Headers.Location = new Uri("https://www.site.test/wp-json/x");
            return Task.FromResult(response);
        };

        (await RefusedAsync()).Code.ShouldBe(ChatErrorCodes.Unavailable);
        _site.Requests.Count.ShouldBe(1);
        string.Join('\n', _site.Log).ShouldContain("WP_BASE_URL redirects to https://www.site.test/wp-json/x: set it to that");
    }

    [Fact]
    public async Task The_time_out_covers_the_body()
    {
        var reading = new TaskCompletionSource();
        _site.Answer = (_, _) =>
        {
            var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new Silent(reading)) };
            response.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            return Task.FromResult(response);
        };

        var call = RefusedAsync();
        await reading.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        _clock.Advance(_site.Settings.WordPressTimeout);

        (await call).Code.ShouldBe(ChatErrorCodes.Unavailable);
        string.Join('\n', _site.Log).ShouldContain("did not answer within 1200000 ms (WP_API_TIMEOUT)");
    }

    [Fact]
    public async Task Reading_is_tried_again_when_the_site_fails_for_a_moment()
    {
        var count = 0;
        _site.Answer = (_, _) => Task.FromResult(++count < 3
            ? HandlerSite.Text(503, "<html>busy</html>", "text/html")
            : HandlerSite.Json(200, """{"messages":[],"has_more":false}"""));

        (await WhileTimePassesAsync(HistoryAsync())).ShouldBe(0);
        count.ShouldBe(3);
    }

    [Fact]
    public async Task What_proves_somebody_is_never_logged()
    {
        _site.Answer = (_, _) => Task.FromResult(HandlerSite.Text(
            500, $"Key {HandlerSite.Key}, cookie wordpress_logged_in_x=secret-cookie, nonce abcdef0123", "text/html"));
        var call = new SiteCall(HttpMethod.Get, "chatpulse-chat/v1/threads", SiteCaller.As(new WordPressCredentials("wordpress_logged_in_x=secret-cookie", "abcdef0123")));

        await Should.ThrowAsync<ChatException>(() => _site.Site.CallAsync(call, SiteJson.Default.SiteThreads, Cancellation));

        var log = string.Join('\n', _site.Log);
        log.ShouldContain("(secret)");
        log.ShouldNotContain(HandlerSite.Key);
        log.ShouldNotContain("secret-cookie");
        log.ShouldNotContain("abcdef0123");
    }

    [Theory]
    [InlineData("a\r\nX-Chatpulse-API-Key: x", "nonce")]
    [InlineData("cookie=1", "no\nnce")]
    [InlineData("cookie=1", "")]
    public async Task Credentials_that_are_none_go_nowhere(string cookie, string nonce)
    {
        var call = new SiteCall(HttpMethod.Get, "chatpulse-chat/v1/threads", SiteCaller.As(new WordPressCredentials(cookie, nonce)));

        var error = await Should.ThrowAsync<SiteErrorException>(() => _site.Site.CallAsync(call, SiteJson.Default.SiteThreads, Cancellation));

        error.Status.ShouldBe(401);
        _site.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_key_that_is_refused_is_said_loudly_and_makes_the_store_degraded()
    {
        _site.Answer = (_, _) => Task.FromResult(
            HandlerSite.Json(401, """{"code":"rest_not_logged_in","message":"You are not currently logged in.","data":{"status":401}}"""));

        (await RefusedAsync()).Code.ShouldBe(ChatErrorCodes.Unavailable);

        _site.Log.ShouldContain(line => line.StartsWith("Critical", StringComparison.Ordinal) && line.Contains("WP_API_KEY", StringComparison.Ordinal));
        var health = await Should.ThrowAsync<ChatException>(async () => await _site.Store.CheckHealthAsync(Cancellation));
        health.Message.ShouldContain("refuses WP_API_KEY");

        // Somebody has set the right key at the site: the next inquiry finds it.
        await _site.Discovery.RefreshAsync();
        await _site.Store.CheckHealthAsync(Cancellation);
    }

    [Fact]
    public async Task A_site_that_is_down_is_not_called_and_the_first_call_after_it_is_back_goes_through()
    {
        await _site.Discovery.RefreshAsync();
        // Not of the kind that is tried again after a pause: the clock stands still.
        _site.Answer = (_, _) => Task.FromResult(HandlerSite.Text(500, "<h1>Error establishing a database connection</h1>", "text/html"));
        for (var i = 0; i < CircuitBreaker.FailuresToOpen; i++)
            await Should.ThrowAsync<ChatException>(HistoryAsync);
        var asked = _site.Requests.Count;

        var first = HistoryAsync();
        first.IsCompleted.ShouldBeFalse();
        _site.Requests.Count.ShouldBe(asked);
        var health = await Should.ThrowAsync<ChatException>(async () => await _site.Store.CheckHealthAsync(Cancellation));
        health.Message.ShouldContain("Error establishing a database connection");

        _site.Answer = (_, _) => Task.FromResult(HandlerSite.Json(200, """{"messages":[],"has_more":false}"""));
        _clock.Advance(CircuitBreaker.Break);
        (await first).ShouldBe(0);
        await _site.Store.CheckHealthAsync(Cancellation);
    }

    [Fact]
    public async Task No_more_calls_are_under_way_than_the_settings_say_and_the_rest_waits()
    {
        await _site.Discovery.RefreshAsync();
        var (now, most) = (0, 0);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _site.Answer = async (_, _) =>
        {
            var count = Interlocked.Increment(ref now);
            InterlockedMax(ref most, count);
            await go.Task;
            Interlocked.Decrement(ref now);
            return HandlerSite.Json(200, """{"messages":[],"has_more":false}""");
        };

        var calls = Enumerable.Range(0, 100).Select(_ => HistoryAsync()).ToArray();
        go.SetResult();
        await Task.WhenAll(calls);

        most.ShouldBe(_site.Settings.WordPressConcurrency - _site.Site.MaxBatches);
    }

    [Fact]
    public async Task Whoever_waits_too_long_for_their_turn_is_told_so()
    {
        await _site.Discovery.RefreshAsync();
        _site.Answer = async (_, cancellation) =>
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            throw new InvalidOperationException();
        };
        var calls = Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Should.ThrowAsync<ChatException>(HistoryAsync)));

        // Whoever gets the turn of one that has given up begins anew.
        while (await Task.WhenAny(calls, Task.Delay(10, Cancellation)) != calls)
            _clock.Advance(_site.Settings.WordPressTimeout);

        (await calls).ShouldAllBe(refusal => refusal.Code == ChatErrorCodes.Unavailable);
    }

    [Fact]
    public async Task Files_that_nobody_reads_keep_no_place_from_others_and_end_by_themselves()
    {
        await _site.Discovery.RefreshAsync();
        _site.Answer = (request, _) => Task.FromResult(request.Path.Contains("attachments", StringComparison.Ordinal)
            ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new Endless(null)) }
            : HandlerSite.Json(200, """{"messages":[],"has_more":false}"""));
        var open = new List<Stream>();
        for (var i = 0; i < WordPressSite.MaxDownloads; i++)
            open.Add((await _site.Store.OpenAttachmentAsync(7, 1, Cancellation)).Content);
        var waiting = _site.Store.OpenAttachmentAsync(7, 1, Cancellation).AsTask();

        (await HistoryAsync()).ShouldBe(0);
        waiting.IsCompleted.ShouldBeFalse();
        _clock.Advance(SiteDownload.Stall);

        await using var last = (await waiting.WaitAsync(TimeSpan.FromSeconds(60), Cancellation)).Content;
        (await last.ReadAsync(new byte[10], Cancellation)).ShouldBeGreaterThan(0);
        foreach (var stream in open)
        {
            await Should.ThrowAsync<IOException>(async () => await stream.ReadExactlyAsync(new byte[1], Cancellation));
            await stream.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_file_that_is_read_byte_by_byte_ends_all_the_same()
    {
        await _site.Discovery.RefreshAsync();
        _site.Answer = (_, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new Endless(null)) });
        await using var file = (await _site.Store.OpenAttachmentAsync(7, 1, Cancellation)).Content;

        var slow = TimeSpan.FromSeconds(20);
        for (var read = TimeSpan.Zero; read < SiteDownload.Longest; read += slow)
        {
            (await file.ReadAsync(new byte[1], Cancellation)).ShouldBe(1);
            _clock.Advance(slow);
        }

        await Should.ThrowAsync<IOException>(async () => await file.ReadExactlyAsync(new byte[1], Cancellation));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }

    private async Task<int> HistoryAsync() => (await _site.Store.HistoryAsync(7, 1, null, null, 10, Cancellation)).Messages.Count;

    private Task<ChatException> RefusedAsync() => WhileTimePassesAsync(Should.ThrowAsync<ChatException>(HistoryAsync));

    // Pauses between tries end as the clock goes on; it goes on only while somebody waits.
    private async Task<T> WhileTimePassesAsync<T>(Task<T> task)
    {
        while (await Task.WhenAny(task, Task.Delay(10, Cancellation)) != task)
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        return await task;
    }

    /// <summary>Bytes without an end.</summary>
    private sealed class Endless(long? length) : MemoryStream
    {
        public override bool CanSeek => false;

        public override long Length => length ?? throw new NotSupportedException();

        public override int Read(Span<byte> buffer)
        {
            buffer.Fill((byte)' ');
            return buffer.Length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));
    }

    /// <summary>What unpacking finds when it was not packed.</summary>
    private sealed class Broken : MemoryStream
    {
        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new InvalidDataException("The archive entry was compressed using an unsupported compression method.");
    }

    /// <summary>A body that does not come.</summary>
    private sealed class Silent(TaskCompletionSource reading) : MemoryStream
    {
        public override bool CanSeek => false;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            reading.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}
