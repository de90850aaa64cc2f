using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Stores.WordPress;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores.WordPress;

/// <summary>How writes come together in batches, seen from the site's side.</summary>
public sealed class BatchQueueTests : IAsyncLifetime
{
    // Batches gather while this clock stands still: what a test hands over at once comes together, however slow the machine.
    private readonly FakeTimeProvider _clock = new();
    private readonly HandlerSite _site;
    private readonly ConcurrentQueue<Held> _held = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private long _lastId;

    public BatchQueueTests() => _site = new HandlerSite(hasBatch: true, _clock);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _site.Discovery.RefreshAsync();

    public ValueTask DisposeAsync()
    {
        _site.Dispose();
        _arrived.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_round_of_two_hundred_senders_is_one_call_and_everybody_gets_their_own_message()
    {
        AnswerAtOnce();

        var sent = await WhileTimePassesAsync(Task.WhenAll(Enumerable.Range(1, 200).Select(sender => SendAsync(sender, 1, $"of {sender}"))));

        sent.Select(stored => stored.Message.SenderId).ShouldBe(Enumerable.Range(1, 200).Select(i => (long)i));
        sent.ShouldAllBe(stored => stored.Message.Content == $"of {stored.Message.SenderId}");
        _site.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task While_a_batch_is_under_way_the_next_one_fills()
    {
        Hold();
        var first = SendAsync(1, 1, "first");
        var firstBatch = await NextAsync();
        var second = SendAsync(2, 1, "second");
        var secondBatch = await NextAsync();
        var rest = Enumerable.Range(3, 50).Select(sender => SendAsync(sender, 1, "rest")).ToArray();

        firstBatch.Release();
        await first;
        var third = await NextAsync();
        secondBatch.Release();
        third.Release();
        await second;
        await Task.WhenAll(rest);

        third.Operations.Count.ShouldBe(50);
    }

    [Fact]
    public async Task What_one_user_does_in_one_thread_is_never_in_two_batches_at_a_time_and_keeps_its_order()
    {
        Hold();
        var first = SendAsync(1, 1, "1");
        var firstBatch = await NextAsync();
        var later = new[] { SendAsync(1, 1, "2"), SendAsync(1, 1, "3") };
        var elsewhere = SendAsync(1, 2, "elsewhere");
        var secondBatch = await NextAsync();

        secondBatch.Contents.ShouldBe(["elsewhere"]);
        secondBatch.Release();
        await elsewhere;
        later.ShouldAllBe(send => !send.IsCompleted);
        firstBatch.Release();
        await first;
        var thirdBatch = await NextAsync();
        thirdBatch.Contents.ShouldBe(["2", "3"]);
        thirdBatch.Release();
        var ids = (await Task.WhenAll(later)).Select(stored => stored.Message.Id).ToArray();
        ids[1].ShouldBeGreaterThan(ids[0]);
    }

    [Fact]
    public async Task One_that_is_refused_leaves_the_others_alone()
    {
        Hold();
        var good = SendAsync(1, 1, "good");
        var forbidden = SendAsync(2, 1, "forbidden");
        var limited = SendAsync(3, 1, "limited");
        var batch = await NextAsync();
        batch.Operations.Count.ShouldBe(3);

        batch.Release(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["forbidden"] = """{"status":403,"body":{"code":"rest_cannot_access_thread","message":"Not yours.","data":{"status":403}}}""",
            ["limited"] = """{"status":429,"body":{"code":"rate_limit_exceeded","message":"Slowly.","data":{"status":429,"retry_after":7}}}""",
        });

        (await good).Message.Content.ShouldBe("good");
        (await Should.ThrowAsync<ChatException>(() => forbidden)).Code.ShouldBe(ChatErrorCodes.Forbidden);
        var refusal = await Should.ThrowAsync<ChatException>(() => limited);
        (refusal.Code, refusal.RetryAfterMs).ShouldBe((ChatErrorCodes.RateLimited, 7000L));
    }

    [Fact]
    public async Task A_batch_whose_answer_was_lost_is_given_again_with_the_same_names()
    {
        var bodies = new ConcurrentQueue<string>();
        _site.Answer = (request, _) =>
        {
            bodies.Enqueue(request.Body);
            return bodies.Count == 1
                ? throw new HttpRequestException(HttpRequestError.ResponseEnded, "cut")
                : Task.FromResult(new Held(request.Body, NextId).Answer([]));
        };

        var stored = await WhileTimePassesAsync(SendAsync(1, 1, "once"));

        stored.Message.Content.ShouldBe("once");
        bodies.Count.ShouldBe(2);
        bodies.Distinct(StringComparer.Ordinal).Count().ShouldBe(1);
        bodies.First().ShouldContain("client_id");
        stored.Message.TempId.ShouldBeNull();
    }

    [Fact]
    public async Task An_answer_with_too_few_results_is_nobodys_success()
    {
        _site.Answer = (_, _) => Task.FromResult(HandlerSite.Json(200, """{"results":[]}"""));

        (await Should.ThrowAsync<ChatException>(() => WhileTimePassesAsync(SendAsync(1, 1, "x")))).Code.ShouldBe(ChatErrorCodes.Unavailable);
    }

    [Fact]
    public async Task A_site_that_fails_the_batch_is_unavailable_to_everybody_in_it()
    {
        _site.Answer = (_, _) => Task.FromResult(HandlerSite.Text(503, "<html>down</html>", "text/html"));

        var sends = Enumerable.Range(1, 20).Select(sender => SendAsync(sender, 1, "x")).ToArray();

        foreach (var send in sends)
            (await Should.ThrowAsync<ChatException>(() => WhileTimePassesAsync(send))).Code.ShouldBe(ChatErrorCodes.Unavailable);
    }

    [Fact]
    public async Task No_batch_has_more_than_two_hundred_operations_or_half_a_megabyte_of_text()
    {
        Hold();
        var first = SendAsync(1, 1, "first");
        var firstBatch = await NextAsync();
        var sends = Enumerable.Range(10, 300).Select(sender => SendAsync(sender, 1, "x"))
            .Concat(Enumerable.Range(1000, 60).Select(sender => SendAsync(sender, 1, new string('é', 10_000)))).ToArray();
        AnswerAtOnce();
        firstBatch.Release();
        await WhileTimePassesAsync(Task.WhenAll([first, .. sends]));

        _site.Requests.Count.ShouldBeGreaterThan(3);
        _site.Requests.ShouldAllBe(request => new Held(request.Body, () => 0).Operations.Count <= BatchQueue.MaxOperations);
        // Three times as much with every character escaped.
        _site.Requests.ShouldAllBe(request => request.Body.Length < 1_700_000);
    }

    [Fact]
    public async Task A_message_that_has_waited_elsewhere_is_refused_before_it_is_late_and_is_not_sent()
    {
        Hold();
        var takenAt = _clock.GetTimestamp();
        _clock.Advance(_site.Settings.WordPressTimeout * 0.8);

        var message = new NewMessage(1, 1, null, "late", ContentTypes.PlainText, []) { TakenAt = takenAt };
        var refusal = await WhileTimePassesAsync(Should.ThrowAsync<ChatException>(() => _site.Store.SendAsync(message, Cancellation).AsTask()));

        refusal.Code.ShouldBe(ChatErrorCodes.Unavailable);
        _site.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_batch_whose_answer_is_too_long_is_asked_for_again_in_parts_and_all_of_it_is_news()
    {
        var stored = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        _site.Answer = (request, _) =>
        {
            var held = new Held(request.Body, NextId, stored);
            var answer = held.Answer([]);
            return Task.FromResult(held.Operations.Count > 30 ? HandlerSite.Json(200, new string(' ', SiteCall.MessagesAnswer + 1)) : answer);
        };

        var sent = await WhileTimePassesAsync(Task.WhenAll(Enumerable.Range(1, 100).Select(sender => SendAsync(sender, 1, $"of {sender}"))));

        sent.ShouldAllBe(one => !one.AlreadyStored && one.Message.Content == $"of {one.Message.SenderId}");
        stored.Count.ShouldBe(100);
        sent.Select(one => one.Message.Id).ShouldBe(stored.Values, ignoreOrder: true);
        _site.Requests.Count.ShouldBe(7);
    }

    [Fact]
    public async Task One_whose_answer_is_too_long_by_itself_fails_alone()
    {
        const int TooLong = 3;
        var stored = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        _site.Answer = (request, _) =>
        {
            var held = new Held(request.Body, NextId, stored);
            var answer = held.Answer([]);
            return Task.FromResult(
                held.Operations.Any(operation => operation.GetProperty("user").GetInt64() == TooLong)
                    ? HandlerSite.Json(200, new string(' ', SiteCall.MessagesAnswer + 1))
                    : answer);
        };

        var sends = Enumerable.Range(1, 100).Select(sender => SendAsync(sender, 1, "x")).ToArray();

        foreach (var (send, sender) in sends.Select((send, index) => (send, index + 1)))
        {
            if (sender == TooLong)
                (await Should.ThrowAsync<ChatException>(() => WhileTimePassesAsync(send))).Code.ShouldBe(ChatErrorCodes.Unavailable);
            else
                (await WhileTimePassesAsync(send)).Message.SenderId.ShouldBe(sender);
        }
    }

    [Fact]
    public async Task A_site_whose_answers_are_always_too_long_is_unavailable_after_a_few_calls()
    {
        _site.Answer = (_, _) => Task.FromResult(HandlerSite.Json(200, new string(' ', SiteCall.MessagesAnswer + 1)));

        var sends = Enumerable.Range(1, 100).Select(sender => SendAsync(sender, 1, "x")).ToArray();

        foreach (var send in sends)
            (await Should.ThrowAsync<ChatException>(() => WhileTimePassesAsync(send))).Code.ShouldBe(ChatErrorCodes.Unavailable);
        _site.Requests.Count.ShouldBeLessThan(50);
    }

    private Task<StoredMessage> SendAsync(long sender, long thread, string content) =>
        _site.Store.SendAsync(new NewMessage(sender, thread, null, content, ContentTypes.PlainText, []), Cancellation).AsTask();

    private long NextId() => Interlocked.Increment(ref _lastId);

    private void AnswerAtOnce() => _site.Answer = (request, _) => Task.FromResult(new Held(request.Body, NextId).Answer([]));

    private void Hold() => _site.Answer = (request, _) =>
    {
        var held = new Held(request.Body, NextId);
        _held.Enqueue(held);
        _arrived.Release();
        return held.Response.Task;
    };

    private async Task<Held> NextAsync()
    {
        await WhileTimePassesAsync(_arrived.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
        _held.TryDequeue(out var held).ShouldBeTrue();
        return held!;
    }

    private async Task<T> WhileTimePassesAsync<T>(Task<T> task)
    {
        while (await Task.WhenAny(task, Task.Delay(10, Cancellation)) != task)
            _clock.Advance(TimeSpan.FromMilliseconds(10));
        return await task;
    }

    /// <summary>A batch that the site has got and not answered yet.</summary>
    private sealed class Held(string body, Func<long> nextId, ConcurrentDictionary<string, long>? stored = null)
    {
        public TaskCompletionSource<HttpResponseMessage> Response { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<JsonElement> Operations { get; } = [.. JsonDocument.Parse(body).RootElement.GetProperty("operations").EnumerateArray()];

        public IEnumerable<string?> Contents => Operations.Select(operation => operation.GetProperty("content").GetString());

        public void Release(Dictionary<string, string>? refused = null) => Response.TrySetResult(Answer(refused ?? []));

        public HttpResponseMessage Answer(Dictionary<string, string> refused)
        {
            var results = Operations.Select(operation =>
            {
                var content = operation.GetProperty("content").GetString()!;
                if (refused.TryGetValue(content, out var result))
                    return result;
                var clientId = operation.GetProperty("client_id").GetString()!;
                var wasThere = stored?.ContainsKey(clientId) is true;
                var message = JsonSerializer.Serialize(new
                {
                    id = stored?.GetOrAdd(clientId, _ => nextId()) ?? nextId(),
                    thread_id = operation.GetProperty("thread_id"),
                    sender_id = operation.GetProperty("user"),
                    content,
                    client_id = clientId,
                });
                return wasThere
                    ? $$"""{"status":200,"body":{"already_stored":true,"message":{{message}} } }"""
                    : $$"""{"status":201,"body":{"already_stored":false,"message":{{message}} } }""";
            });
            return HandlerSite.Json((int)HttpStatusCode.OK, $$"""{"results":[{{string.Join(',', results)}}]}""");
        }
    }
}
