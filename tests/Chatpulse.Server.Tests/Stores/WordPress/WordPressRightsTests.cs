using System.Globalization;
using System.Net;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores.WordPress;

/// <summary>Who may use a thread, who there is, and which plugin is asked: what the site says, as few times as possible, and never longer than it is true.</summary>
public sealed class WordPressRightsTests : IDisposable
{
    private const long Ann = 7;
    private const long Bob = 8;

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly HandlerSite _site;

    public WordPressRightsTests()
    {
        _site = new HandlerSite(hasBatch: true, _clock);
        _site.Answer = (_, _) => Task.FromResult(Participants(Ann, Bob));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _site.Dispose();

    [Fact]
    public async Task A_thousand_who_join_a_thread_at_once_are_one_call()
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _site.Answer = async (_, _) =>
        {
            await go.Task;
            return Participants([.. Enumerable.Range(1, 1000).Select(i => (long)i)]);
        };
        await _site.Discovery.RefreshAsync();

        var checks = Enumerable.Range(1, 1000).Select(user => _site.Store.CheckAccessAsync(user, 1, Cancellation).AsTask()).ToArray();
        go.SetResult();
        await Task.WhenAll(checks);

        _site.Requests.ShouldHaveSingleItem().ToString().ShouldBe("GET threads/1/participants");
    }

    [Fact]
    public async Task An_answer_is_remembered_for_a_minute_and_a_refusal_is_not()
    {
        await _site.Store.CheckAccessAsync(Ann, 1, Cancellation);
        await _site.Store.CheckMembershipAsync(Bob, 1, Cancellation);
        _site.Requests.Count.ShouldBe(1);

        await ForbiddenAsync(9);
        await ForbiddenAsync(9);
        _site.Requests.Count.ShouldBe(3);

        _clock.Advance(TimeSpan.FromMinutes(2));
        await _site.Store.CheckAccessAsync(Ann, 1, Cancellation);
        _site.Requests.Count.ShouldBe(4);
    }

    [Fact]
    public async Task Who_is_taken_out_while_the_answer_is_on_its_way_does_not_get_in_by_it()
    {
        var asked = 0;
        _site.Answer = (_, _) =>
        {
            if (++asked > 1)
                return Task.FromResult(Participants(Bob));
            _site.Store.ParticipantsChanged(1, added: [], removed: [Ann]);
            return Task.FromResult(Participants(Ann, Bob));
        };

        await ForbiddenAsync(Ann);

        await _site.Store.CheckAccessAsync(Bob, 1, Cancellation);
    }

    [Fact]
    public async Task A_refused_write_takes_back_what_was_remembered()
    {
        await _site.Store.CheckAccessAsync(Ann, 1, Cancellation);
        _site.Answer = (request, _) => Task.FromResult(request.Path is "batch"
            ? HandlerSite.Json(200, """{"results":[{"status":403,"body":{"code":"rest_cannot_access_thread","message":"No.","data":{"status":403}}}]}""")
            : Participants(Bob));

        await WhileTimePassesAsync(Should.ThrowAsync<ChatException>(async () => await SendAsync()));

        await ForbiddenAsync(Ann);
    }

    [Fact]
    public async Task A_message_is_one_call_and_no_check_before_it()
    {
        _site.Answer = (_, _) => Task.FromResult(Stored());

        await WhileTimePassesAsync(SendAsync());
        await _site.Store.CheckAccessAsync(Ann, 1, Cancellation);

        var request = _site.Requests.ShouldHaveSingleItem();
        request.ToString().ShouldBe("POST batch");
        request.Key.ShouldBe(HandlerSite.Key);
    }

    [Fact]
    public async Task A_thread_that_is_not_there_is_not_found()
    {
        _site.Answer = (_, _) => Task.FromResult(
            HandlerSite.Json(404, """{"code":"thread_not_found","message":"Thread not found.","data":{"status":404}}"""));

        (await Should.ThrowAsync<ChatException>(async () => await _site.Store.CheckAccessAsync(Ann, 99, Cancellation))).Code.ShouldBe(ChatErrorCodes.NotFound);
    }

    [Fact]
    public async Task Contacts_are_asked_for_once_in_a_while_and_when_they_change()
    {
        _site.Answer = (_, _) => Task.FromResult(HandlerSite.Json(200, """{"user_ids":[7,8,9]}"""));

        (await _site.Store.ContactsAsync(Ann, Cancellation)).ShouldBe([8, 9]);
        await _site.Store.ContactsAsync(Ann, Cancellation);
        _site.Requests.Count.ShouldBe(1);
        _site.Store.ParticipantsChanged(1, added: [Ann], removed: []);
        await _site.Store.ContactsAsync(Ann, Cancellation);
        _site.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Hundreds_who_connect_at_once_are_looked_for_in_few_calls()
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _site.Answer = async (request, _) =>
        {
            await go.Task;
            return Users(request);
        };

        var lookups = Enumerable.Range(1, 500).Select(id => _site.Store.EnsureUserAsync(id, null, Cancellation).AsTask()).ToArray();
        go.SetResult();
        var found = await Task.WhenAll(lookups);

        found.Select(user => user.Id).ShouldBe(Enumerable.Range(1, 500).Select(i => (long)i));
        _site.Requests.Count.ShouldBeLessThanOrEqualTo(6);
        _site.Requests.ShouldAllBe(request => request.Path.Length < 3_000);
    }

    [Fact]
    public async Task A_user_whom_the_site_does_not_have_is_nobody()
    {
        _site.Answer = (_, _) => Task.FromResult(HandlerSite.Json(200, "[]"));

        (await Should.ThrowAsync<ChatException>(async () => await _site.Store.EnsureUserAsync(999, "Ghost", Cancellation)))
            .Code.ShouldBe(ChatErrorCodes.Unauthenticated);
        (await _site.Store.FindUserAsync(999, Cancellation)).ShouldBeNull();
    }

    [Fact]
    public async Task Who_is_proven_by_a_token_may_connect_while_the_site_is_down()
    {
        _site.Answer = (_, _) => Task.FromResult(HandlerSite.Text(500, "down", "text/html"));

        (await _site.Store.EnsureUserAsync(Ann, "Ann", Cancellation)).DisplayName.ShouldBe("Ann");

        (await Should.ThrowAsync<ChatException>(async () => await _site.Store.EnsureUserAsync(Bob, null, Cancellation)))
            .Code.ShouldBe(ChatErrorCodes.Unavailable);
    }

    [Fact]
    public async Task A_site_whose_plugin_is_changed_is_followed()
    {
        using var site = new HandlerSite(hasBatch: false, _clock);
        site.Answer = (request, _) => Task.FromResult(request.Path is "batch"
            ? site.HasBatch ? Stored() : HandlerSite.Json(404, """{"code":"rest_no_route","message":"No route.","data":{"status":404}}""")
            : HandlerSite.Json(201, """{"message":{"id":1,"thread_id":1,"sender_id":7,"content":"x"},"success":true}"""));
        Task<StoredMessage> Send() => WhileTimePassesAsync(
            site.Store.SendAsync(new NewMessage(Ann, 1, null, "x", ContentTypes.PlainText, []), Cancellation).AsTask());

        await Send();
        site.HasBatch = true;
        await site.Discovery.RefreshAsync();
        await Send();
        site.HasBatch = false;
        (await Should.ThrowAsync<ChatException>(Send)).Code.ShouldBe(ChatErrorCodes.Unavailable);
        // The site is asked what it is now.
        await site.Discovery.RefreshAsync();
        await Send();

        site.Requests.Select(request => request.Path).ShouldBe(["threads/1", "batch", "batch", "threads/1"]);
    }

    [Fact]
    public async Task A_site_without_the_plugin_says_so_in_its_health()
    {
        using var wrong = new HandlerSite(hasBatch: false, _clock) { Missing = true };

        await _site.Store.CheckHealthAsync(Cancellation);
        var refusal = await Should.ThrowAsync<ChatException>(async () => await wrong.Store.CheckHealthAsync(Cancellation));

        refusal.Code.ShouldBe(ChatErrorCodes.Unavailable);
        refusal.Message.ShouldContain("is the Chatpulse plugin active");
        (await Should.ThrowAsync<ChatException>(async () => await wrong.Store.CheckAccessAsync(Ann, 1, Cancellation))).Code.ShouldBe(ChatErrorCodes.Unavailable);
    }

    private static HttpResponseMessage Participants(params long[] users) => HandlerSite.Json(
        200, $$"""{"thread_id":1,"participants":[{{string.Join(',', users.Select(id => $$"""{"user_id":"{{id}}","display_name":"User","email":null}"""))}}]}""");

    private static HttpResponseMessage Stored() => HandlerSite.Json(
        200, """{"results":[{"status":201,"body":{"message":{"id":1,"thread_id":1,"sender_id":7,"content":"x"},"already_stored":false}}]}""");

    private static HttpResponseMessage Users(HandledRequest request)
    {
        var ids = request.Path.Split('&').Select(WebUtility.UrlDecode).Where(part => part!.StartsWith("include[]=", StringComparison.Ordinal))
            .Select(part => long.Parse(part!["include[]=".Length..], CultureInfo.InvariantCulture));
        return HandlerSite.Json(200, $"[{string.Join(',', ids.Select(id => $$"""{"id":{{id}},"name":"User {{id}}"}"""))}]");
    }

    private async Task ForbiddenAsync(long user) =>
        (await Should.ThrowAsync<ChatException>(async () => await _site.Store.CheckAccessAsync(user, 1, Cancellation))).Code.ShouldBe(ChatErrorCodes.Forbidden);

    private Task<StoredMessage> SendAsync() => _site.Store.SendAsync(new NewMessage(Ann, 1, null, "x", ContentTypes.PlainText, []), Cancellation).AsTask();

    // Batches gather for a moment of the clock, which goes on while something is waited for, by less than makes anything expire.
    private async Task<T> WhileTimePassesAsync<T>(Task<T> task)
    {
        while (await Task.WhenAny(task, Task.Delay(10, Cancellation)) != task)
            _clock.Advance(TimeSpan.FromMilliseconds(5));
        return await task;
    }
}
