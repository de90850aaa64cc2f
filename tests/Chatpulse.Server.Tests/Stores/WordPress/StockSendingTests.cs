using System.Globalization;
using System.Text.Json;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Identity;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Stores.WordPress;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores.WordPress;

/// <summary>Sending through a plugin of an earlier version, which knows no <c>tempId</c> and lets the key do everything.</summary>
public sealed class StockSendingTests : IDisposable
{
    private const long Ann = 7;
    private const long Thread = 2;

    private readonly HandlerSite _site = new(hasBatch: false, configure: settings => settings with { AuthMode = AuthMode.WordPress });
    private readonly List<StockMessage> _stored = [];

    public StockSendingTests()
    {
        _site.Sessions.Set(Ann, "connection", new WordPressCredentials("wordpress_logged_in_x=ann", "0123456789"));
        _site.Answer = (request, _) => Task.FromResult(Serve(request));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _site.Dispose();

    [Fact]
    public async Task A_message_is_one_call_as_the_user_and_without_the_key()
    {
        var stored = await SendAsync("hello", "t-1");

        stored.Message.Content.ShouldBe("hello");
        stored.Message.TempId.ShouldBe("t-1");
        var request = _site.Requests.ShouldHaveSingleItem();
        request.ToString().ShouldBe("POST threads/2");
        request.Key.ShouldBeNull();
        request.User.ShouldBeNull();
        request.Cookie.ShouldBe("wordpress_logged_in_x=ann");
        request.Nonce.ShouldBe("0123456789");
        request.Body.ShouldNotContain("sender_id");
    }

    [Fact]
    public async Task A_retry_answers_the_first_message_without_a_call()
    {
        var first = await SendAsync("once", "t-1");

        var retry = await SendAsync("once", "t-1");

        retry.AlreadyStored.ShouldBeTrue();
        retry.Message.Id.ShouldBe(first.Message.Id);
        _site.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Everybody_in_line_behind_a_send_that_is_not_answered_hears_so_within_one_time_out_and_theirs_is_not_sent()
    {
        var clock = new FakeTimeProvider();
        using var site = new HandlerSite(hasBatch: false, clock);
        await site.Discovery.RefreshAsync();
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Answer = async (_, cancellation) =>
        {
            called.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellation);
            throw new InvalidOperationException();
        };
        var sends = Enumerable.Range(1, 5).Select(k => Should.ThrowAsync<ChatException>(() => site.Store.SendAsync(
            new NewMessage(Ann, Thread, $"t-{k}", $"message {k}", ContentTypes.PlainText, []), Cancellation).AsTask())).ToArray();
        await called.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);

        clock.Advance(site.Settings.WordPressTimeout);

        foreach (var send in sends)
            (await send.WaitAsync(TimeSpan.FromSeconds(60), Cancellation)).Code.ShouldBe(ChatErrorCodes.Unavailable);
        site.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Sends_of_one_sender_to_one_thread_are_done_one_after_the_other()
    {
        var underWay = 0;
        _site.Answer = async (request, _) =>
        {
            Interlocked.Increment(ref underWay).ShouldBe(1);
            await Task.Yield();
            Interlocked.Decrement(ref underWay);
            return Serve(request);
        };

        await Task.WhenAll(Enumerable.Range(0, 30).Select(i => SendAsync(i.ToString(CultureInfo.InvariantCulture), null)));

        _stored.Select(message => message.Content).ShouldBe(Enumerable.Range(0, 30).Select(i => i.ToString(CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A_webhook_settles_a_send_whose_own_answer_was_lost()
    {
        _site.Answer = (request, _) =>
        {
            Serve(request);
            // The site tells by webhook before it answers.
            _site.Store.StoredElsewhere(Told(_stored[^1]));
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "cut");
        };

        var stored = await SendAsync("1 < 2 & <b>3</b>", "t-1");

        stored.AlreadyStored.ShouldBeFalse();
        stored.Message.Id.ShouldBe(_stored.ShouldHaveSingleItem().Id);
        (await SendAsync("1 < 2 & <b>3</b>", "t-1")).AlreadyStored.ShouldBeTrue();
        _site.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_webhook_of_another_message_settles_nothing()
    {
        _site.Answer = (request, _) =>
        {
            _site.Store.StoredElsewhere(Told(new StockMessage(1, Thread, Ann, "something else")));
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "cut");
        };

        await RefusedAsync(ChatErrorCodes.Unavailable, () => SendAsync("hello", "t-1"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_retry_after_a_lost_answer_finds_what_was_stored_and_sends_no_second(bool toldMeanwhile)
    {
        await SendAsync("hello", "t-0");
        _site.Answer = (request, _) =>
        {
            Serve(request);
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "cut");
        };
        await RefusedAsync(ChatErrorCodes.Unavailable, () => SendAsync("hello", "t-1"));
        _site.Answer = (request, _) => Task.FromResult(Serve(request));
        if (toldMeanwhile)
            _site.Store.StoredElsewhere(Told(_stored[^1]));

        var retry = await SendAsync("hello", "t-1");

        _stored.Count.ShouldBe(2);
        retry.Message.Id.ShouldBe(_stored[1].Id);
        // The room still has to be told, unless a webhook has done that.
        retry.AlreadyStored.ShouldBe(toldMeanwhile);
    }

    [Fact]
    public async Task The_same_text_of_yesterday_is_not_taken_for_what_was_just_sent()
    {
        _stored.Add(new StockMessage(1, Thread, Ann, "hello") { At = DateTimeOffset.UtcNow.AddDays(-1) });
        _site.Answer = (_, _) => throw new HttpRequestException(HttpRequestError.ResponseEnded, "cut");
        await RefusedAsync(ChatErrorCodes.Unavailable, () => SendAsync("hello", "t-1"));
        _site.Answer = (request, _) => Task.FromResult(Serve(request));

        (await SendAsync("hello", "t-1")).Message.Id.ShouldBe(2);
    }

    [Fact]
    public async Task A_retry_after_a_call_that_never_arrived_sends_it()
    {
        await SendAsync("hello", "t-0");
        _site.Answer = (_, _) => throw new HttpRequestException(HttpRequestError.ResponseEnded, "cut");
        await RefusedAsync(ChatErrorCodes.Unavailable, () => SendAsync("hello", "t-1"));
        _site.Answer = (request, _) => Task.FromResult(Serve(request));

        var retry = await SendAsync("hello", "t-1");

        retry.AlreadyStored.ShouldBeFalse();
        _stored.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Sending_is_not_tried_again_by_itself()
    {
        _site.Answer = (_, _) => Task.FromResult(HandlerSite.Text(503, "<html>busy</html>", "text/html"));

        await RefusedAsync(ChatErrorCodes.Unavailable, () => SendAsync("hello", null));

        _site.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_message_that_the_site_gives_to_somebody_else_is_not_confirmed()
    {
        _site.Answer = (request, _) => Task.FromResult(Stored(new StockMessage(5, Thread, SenderId: 1, "ghost")));

        var refusal = await RefusedAsync(ChatErrorCodes.Forbidden, () => SendAsync("ghost", "t-1"));

        refusal.Message.ShouldContain("user 7");
        refusal.Message.ShouldContain("user 1");
    }

    [Fact]
    public async Task Content_is_limited_in_bytes_before_any_call()
    {
        (await SendAsync(new string('é', 5_000), null)).Message.Content.Length.ShouldBe(5_000);

        var refusal = await RefusedAsync(ChatErrorCodes.TooLarge, () => SendAsync(new string('é', 5_001), null));

        refusal.Message.ShouldContain("10000 bytes");
        _site.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_rate_limit_says_when_again()
    {
        _site.Answer = (_, _) => Task.FromResult(HandlerSite.Json(
            429, """{"code":"rate_limit_exceeded","message":"Rate limit exceeded. Maximum 60 message per 60 seconds.","data":{"status":429}}"""));

        (await RefusedAsync(ChatErrorCodes.RateLimited, () => SendAsync("hello", null))).RetryAfterMs.ShouldBe(60_000);
    }

    [Fact]
    public async Task Who_is_no_participant_is_forbidden_by_the_sites_own_answer()
    {
        _site.Answer = (_, _) => Task.FromResult(HandlerSite.Json(
            403, """{"code":"rest_cannot_access_thread","message":"Sorry, you are not allowed to access this thread.","data":{"status":403}}"""));

        await RefusedAsync(ChatErrorCodes.Forbidden, () => SendAsync("hello", null));

        _site.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_login_that_has_ended_is_unauthenticated()
    {
        _site.Answer = (_, _) => Task.FromResult(HandlerSite.Json(
            403, """{"code":"rest_cookie_invalid_nonce","message":"Cookie check failed","data":{"status":403}}"""));
        await RefusedAsync(ChatErrorCodes.Unauthenticated, () => SendAsync("hello", null));

        _site.Sessions.Remove(Ann, "connection");
        await RefusedAsync(ChatErrorCodes.Unauthenticated, () => SendAsync("hello", null));
        _site.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task With_tokens_only_the_threads_that_webhooks_told_of_are_open()
    {
        using var site = new HandlerSite(hasBatch: false, configure: settings => settings with { AuthMode = AuthMode.Token });
        site.Answer = (request, _) => Task.FromResult(Serve(request));
        Task<StoredMessage> Send() => site.Store.SendAsync(new NewMessage(Ann, Thread, null, "x", ContentTypes.PlainText, []), Cancellation).AsTask();

        (await RefusedAsync(ChatErrorCodes.Forbidden, Send)).Message.ShouldContain("plugin");
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await site.Store.HistoryAsync(Ann, Thread, null, null, 10, Cancellation));
        site.Requests.ShouldBeEmpty();

        site.Store.ParticipantsChanged(Thread, added: [Ann], removed: []);
        await site.Store.CheckAccessAsync(Ann, Thread, Cancellation);
        (await Send()).Message.SenderId.ShouldBe(Ann);
        site.Store.ParticipantsChanged(Thread, added: [], removed: [Ann]);
        await RefusedAsync(ChatErrorCodes.Forbidden, Send);
    }

    [Fact]
    public async Task With_bare_user_ids_everything_is_open_and_the_log_says_so()
    {
        using var site = new HandlerSite(hasBatch: false);
        site.Answer = (request, _) => Task.FromResult(Serve(request));

        await site.Store.CheckAccessAsync(Ann, Thread, Cancellation);
        (await site.Store.SendAsync(new NewMessage(Ann, Thread, null, "x", ContentTypes.PlainText, []), Cancellation)).Message.SenderId.ShouldBe(Ann);

        site.Log.ShouldContain(line => line.Contains("NOT PROTECTED", StringComparison.Ordinal));
        site.Requests.ShouldHaveSingleItem().Key.ShouldBe(HandlerSite.Key);
    }

    [Fact]
    public async Task A_thread_that_the_site_does_not_have_is_not_found()
    {
        using var site = new HandlerSite(hasBatch: false);
        site.Answer = (_, _) => Task.FromResult(
            HandlerSite.Json(500, """{"code":"message_send_failed","message":"Failed to send message.","data":{"status":500}}"""));

        await RefusedAsync(
            ChatErrorCodes.NotFound,
            async () => await site.Store.SendAsync(new NewMessage(Ann, 99_999, null, "x", ContentTypes.PlainText, []), Cancellation));

        // One that is known to be there has a site that fails.
        site.Store.ParticipantsChanged(Thread, added: [Ann], removed: []);
        await RefusedAsync(
            ChatErrorCodes.Unavailable,
            async () => await site.Store.SendAsync(new NewMessage(Ann, Thread, null, "x", ContentTypes.PlainText, []), Cancellation));
    }

    private static async Task<ChatException> RefusedAsync(string code, Func<Task> call)
    {
        var refusal = await Should.ThrowAsync<ChatException>(call);
        refusal.Code.ShouldBe(code, refusal.Message);
        return refusal;
    }

    private static ChatMessage Told(StockMessage message) => new()
    {
        Id = message.Id,
        ThreadId = message.ThreadId,
        SenderId = message.SenderId,
        SenderName = "Ann",
        Content = message.Content,
        ContentType = ContentTypes.PlainText,
        Status = "sent",
        CreatedAt = DateTimeOffset.UnixEpoch,
        UpdatedAt = DateTimeOffset.UnixEpoch,
    };

    private static HttpResponseMessage Stored(StockMessage message) => HandlerSite.Json(201, $$"""{"message":{{Json(message)}},"success":true}""");

    private static string Json(StockMessage message) => JsonSerializer.Serialize(new
    {
        id = message.Id,
        thread_id = message.ThreadId,
        sender_id = message.SenderId,
        sender_name = "Ann",
        content = message.Content,
        content_type = "text/plain",
        status = "sent",
        created_at = SiteClock.Utc.Write(message.At),
        updated_at = SiteClock.Utc.Write(message.At),
    });

    private Task<StoredMessage> SendAsync(string content, string? tempId) =>
        _site.Store.SendAsync(new NewMessage(Ann, Thread, tempId, content, ContentTypes.PlainText, []), Cancellation).AsTask();

    // Stores as a site does: what could be a tag is escaped or dropped.
    private HttpResponseMessage Serve(HandledRequest request)
    {
        lock (_stored)
        {
            if (request.Method is "GET")
                return HandlerSite.Json(200, $$"""{"messages":[{{string.Join(',', _stored.Select(Json))}}],"has_more":false}""");
            var content = JsonDocument.Parse(request.Body).RootElement.GetProperty("content").GetString()!
                .Replace("<b>", "", StringComparison.Ordinal).Replace("</b>", "", StringComparison.Ordinal)
                .Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
            var message = new StockMessage(_stored.Count + 1, Thread, Ann, content);
            _stored.Add(message);
            return Stored(message);
        }
    }

    private sealed record StockMessage(long Id, long ThreadId, long SenderId, string Content)
    {
        public DateTimeOffset At { get; init; } = DateTimeOffset.UtcNow;
    }
}
