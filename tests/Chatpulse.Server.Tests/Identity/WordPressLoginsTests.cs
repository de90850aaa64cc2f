using Chatpulse.Server.Chat;
using Chatpulse.Server.Identity;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Identity;

public sealed class WordPressLoginsTests
{
    private readonly TestLogin _site = new();
    private readonly SignOuts _signOuts = new();
    private readonly FakeTimeProvider _time = new();
    private readonly WordPressLogins _logins;

    public WordPressLoginsTests() => _logins = new WordPressLogins(_signOuts, _time, _site);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Task<UserIdentity> ProveAsync(string cookie, string nonce = "nonce", bool fresh = false) =>
        _logins.ProveAsync(new WordPressCredentials(cookie, nonce), fresh, Cancel).AsTask();

    [Fact]
    public async Task Two_hundred_who_come_back_at_once_cost_the_site_one_call()
    {
        var cookie = _site.SignIn(7);
        var answer = new TaskCompletionSource();
        _site.Gate = answer.Task;
        var proofs = Enumerable.Range(0, 200).Select(_ => ProveAsync(cookie)).ToArray();
        answer.SetResult();
        (await Task.WhenAll(proofs)).ShouldAllBe(identity => identity.UserId == 7);
        (await ProveAsync(cookie)).Credentials.ShouldBe(new WordPressCredentials(cookie, "nonce"));
        _site.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task An_answer_is_good_for_ten_seconds_unless_a_fresh_one_is_asked_for()
    {
        var cookie = _site.SignIn(7);
        await ProveAsync(cookie);
        await ProveAsync(cookie, fresh: true);
        _site.Calls.ShouldBe(2);
        _time.Advance(TimeSpan.FromSeconds(11));
        await ProveAsync(cookie);
        _site.Calls.ShouldBe(3);
        await ProveAsync(cookie, nonce: "other");
        _site.Calls.ShouldBe(4);
    }

    [Fact]
    public async Task A_refusal_is_kept_and_a_failure_is_not()
    {
        for (var i = 0; i < 3; i++)
            (await Should.ThrowAsync<ChatException>(() => ProveAsync("wordpress_logged_in_x=a|1|stranger|h"))).Code.ShouldBe(ChatErrorCodes.Unauthenticated);
        _site.Calls.ShouldBe(1);

        var cookie = _site.SignIn(7);
        _site.IsDown = true;
        for (var i = 0; i < 3; i++)
            (await Should.ThrowAsync<ChatException>(() => ProveAsync(cookie))).Code.ShouldBe(ChatErrorCodes.Unavailable);
        _site.Calls.ShouldBe(4);
        _site.IsDown = false;
        (await ProveAsync(cookie)).UserId.ShouldBe(7);
    }

    [Fact]
    public async Task A_proof_from_before_a_sign_out_is_not_used()
    {
        var cookie = _site.SignIn(7);
        await ProveAsync(cookie);
        _site.SignOut("session");
        _signOuts.Add(7, sessionId: null, _time.GetUtcNow());
        await Should.ThrowAsync<ChatException>(() => ProveAsync(cookie));
        _site.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task A_flood_of_logins_is_refused_before_it_fills_the_memory()
    {
        var answer = new TaskCompletionSource();
        _site.Gate = answer.Task;
        var waiting = Enumerable.Range(0, 4_096).Select(i => ProveAsync(_site.SignIn(i + 1, $"s{i}"))).ToArray();
        (await Should.ThrowAsync<ChatException>(() => ProveAsync(_site.SignIn(9_999, "one more")))).Code.ShouldBe(ChatErrorCodes.Unavailable);
        answer.SetResult();
        await Task.WhenAll(waiting);
        _time.Advance(TimeSpan.FromSeconds(11));
        (await ProveAsync(_site.SignIn(9_999, "one more"))).UserId.ShouldBe(9_999);
    }
}
