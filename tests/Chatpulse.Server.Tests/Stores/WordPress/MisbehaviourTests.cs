using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Stores.WordPress;
using Chatpulse.Server.Tests.Stores.WordPress.Site;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores.WordPress;

/// <summary>
/// Whatever a site answers, or does not answer: the one who asked hears in time that it did not work, no secret is logged, nothing stays open, and the next
/// call works.
/// </summary>
public sealed class MisbehaviourTests
{
    private const string Text = "Ängstlich 😀";

    // A limit for the test and nothing that is measured.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan SiteTimeout = TimeSpan.FromSeconds(10);

    private static readonly SiteFault[] AnswersThatNeverEnd = [SiteFault.SlowHeaders, SiteFault.SlowBody, SiteFault.CarriedOutLate];

    public enum Plugin
    {
        Ours,
        Stock,
    }

    public enum Call
    {
        Send,
        History,
        Access,
    }

    public static TheoryData<SiteFault, Call, Plugin> Cases
    {
        get
        {
            var cases = new TheoryData<SiteFault, Call, Plugin>();
            foreach (var fault in Enum.GetValues<SiteFault>())
            {
                foreach (var call in Enum.GetValues<Call>())
                {
                    cases.Add(fault, call, Plugin.Ours);
                    cases.Add(fault, call, Plugin.Stock);
                }
            }

            return cases;
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_call_ends_in_time_with_the_right_words_and_the_next_one_works(SiteFault fault, Call call, Plugin plugin)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var waits = AnswersThatNeverEnd.Contains(fault);
        await using var scene = await Scene.StartAsync(plugin, waits ? clock : null);
        await using var elsewhere = await ScriptedSite.StartStockAsync();
        scene.Site.Elsewhere = elsewhere.BaseUrl;
        scene.AddMessage();
        var misbehaviour = scene.Site.Misbehave(fault);

        var asked = scene.CallAsync(call);
        if (waits)
        {
            await UntilAsync(() => misbehaviour.Met > 0, clock);
            asked.IsCompleted.ShouldBeFalse();
            clock.Advance(SiteTimeout);
        }

        if (fault == SiteFault.ByteOrderMark)
            await asked.WaitAsync(Patience, Cancel);
        else
            Check(fault, await Should.ThrowAsync<ChatException>(asked.WaitAsync(Patience, Cancel)));

        misbehaviour.Met.ShouldBeGreaterThan(0);
        misbehaviour.Bytes.ShouldBeLessThan(64 << 20, string.Join(", ", scene.Site.Requests));
        elsewhere.Requests.ShouldBeEmpty();
        scene.ShouldHaveLoggedNoSecret();
        await UntilAsync(() => scene.Site.Open == 0);
        scene.Site.Behave();
        var next = scene.CallAsync(call);
        // A site that was silent is left alone for that long.
        clock.Advance(CircuitBreaker.Break);
        await UntilAsync(() => next.IsCompleted, clock);
        await next;
    }

    [Theory]
    [InlineData(Plugin.Ours)]
    [InlineData(Plugin.Stock)]
    public async Task A_refused_connection_is_unavailable_until_the_site_is_back(Plugin plugin)
    {
        await using var scene = await Scene.StartAsync(plugin, clock: null);
        await scene.Site.StopAsync();

        (await Should.ThrowAsync<ChatException>(scene.CallAsync(Call.Send).WaitAsync(Patience, Cancel))).Code.ShouldBe(ChatErrorCodes.Unavailable);

        await scene.Site.StartAgainAsync();
        await scene.CallAsync(Call.Send).WaitAsync(Patience, Cancel);
    }

    [Theory]
    [InlineData(SiteFault.HtmlPage, "status 200, text/html")]
    [InlineData(SiteFault.BadGateway, "502 Bad Gateway")]
    [InlineData(SiteFault.PhpWarning, "Undefined variable")]
    [InlineData(SiteFault.RedirectElsewhere, "WP_BASE_URL redirects to")]
    [InlineData(SiteFault.TenMegabytes, "answered more than")]
    [InlineData(SiteFault.Endless, "answered more than")]
    [InlineData(SiteFault.GzipBomb, "answered more than")]
    [InlineData(SiteFault.DeclaredLatin1, "iso-8859-1")]
    public async Task The_log_says_what_was_seen(SiteFault fault, string seen)
    {
        await using var scene = await Scene.StartAsync(Plugin.Ours, clock: null);
        scene.Site.Misbehave(fault);

        await Should.ThrowAsync<ChatException>(scene.CallAsync(Call.Send).WaitAsync(Patience, Cancel));

        scene.Host.Logged.ShouldContain(line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains(seen, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(SiteFault.AnswerLost)]
    [InlineData(SiteFault.ClosedInTheAnswer)]
    [InlineData(SiteFault.TruncatedJson)]
    [InlineData(SiteFault.PhpWarning)]
    public async Task What_was_stored_without_an_answer_is_found_by_the_retry_and_is_news_once(SiteFault fault)
    {
        foreach (var plugin in Enum.GetValues<Plugin>())
        {
            await using var scene = await Scene.StartAsync(plugin, clock: null);
            scene.Site.Misbehave(fault);
            await Should.ThrowAsync<ChatException>(scene.CallAsync(Call.Send).WaitAsync(Patience, Cancel));
            scene.Site.Behave();

            var retry = await scene.SendAsync();
            var again = await scene.SendAsync();

            scene.Site.Data.Messages.Count.ShouldBe(1, plugin.ToString());
            retry.Message.Id.ShouldBe(1);
            retry.AlreadyStored.ShouldBeFalse("nobody was told of it yet");
            (again.Message.Id, again.AlreadyStored).ShouldBe((1, true));
        }
    }

    private static void Check(SiteFault fault, ChatException refusal)
    {
        refusal.Message.ShouldNotBeNullOrWhiteSpace();
        switch (fault)
        {
            case SiteFault.TooManyRequests:
                refusal.Code.ShouldBe(ChatErrorCodes.RateLimited);
                refusal.RetryAfterMs.ShouldBe(60_000);
                break;
            case SiteFault.TooManyRequestsRetryAfter:
                refusal.Code.ShouldBe(ChatErrorCodes.RateLimited);
                refusal.RetryAfterMs.ShouldBe(7_000);
                break;
            default:
                refusal.Code.ShouldBe(ChatErrorCodes.Unavailable, refusal.Message);
                break;
        }
    }

    // The store waits a few milliseconds of its own time before it gives a batch to the site.
    private static async Task UntilAsync(Func<bool> holds, FakeTimeProvider? clock = null)
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, Cancel);
        while (!holds())
        {
            clock?.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(5), linked.Token);
        }
    }

    /// <summary>A site with Ann and Bob in a thread, and a store that knows the site and nothing else.</summary>
    private sealed class Scene(ScriptedSite site, StoreHost host, long ann, long bob, long thread) : IAsyncDisposable
    {
        public ScriptedSite Site => site;

        public StoreHost Host => host;

        public static async Task<Scene> StartAsync(Plugin plugin, TimeProvider? clock)
        {
            var ours = plugin == Plugin.Ours;
            var site = ours ? await ScriptedSite.StartChatpulseAsync() : await ScriptedSite.StartStockAsync();
            site.Data.AddUser("Site owner", role: "administrator");
            var ann = site.Data.AddUser("Ann Ångström");
            var bob = site.Data.AddUser("Bob Müller");
            var thread = site.Data.AddThread("group", "Größe", ann.Id, [bob.Id]);
            var settings = ScriptedStoreHarness.Settings(site, ours ? AuthMode.Token : AuthMode.WordPress);
            var host = new StoreHost(clock is null ? settings : settings with { WordPressTimeout = SiteTimeout }, clock);
            host.Sessions.Set(ann.Id, "browser", ScriptedSite.Credentials(ann));
            host.Sessions.Set(bob.Id, "browser", ScriptedSite.Credentials(bob));
            await host.Discovery.GetAsync(Cancel);
            return new Scene(site, host, ann.Id, bob.Id, thread.Id);
        }

        /// <summary>Something to read, and nothing that Latin-1 and UTF-8 write alike.</summary>
        public void AddMessage() => site.Data.AddMessage(thread, bob, "Ängstlich", "text/plain");

        public async Task CallAsync(Call call)
        {
            switch (call)
            {
                case Call.Send:
                    await SendAsync();
                    break;
                case Call.History:
                    await host.Store.HistoryAsync(ann, thread, null, null, 10, Cancel);
                    break;
                default:
                    await host.Store.CheckAccessAsync(bob, thread, Cancel);
                    break;
            }
        }

        public async Task<StoredMessage> SendAsync() =>
            await host.Store.SendAsync(new NewMessage(ann, thread, "temp", Text, ContentTypes.PlainText, []), Cancel);

        public void ShouldHaveLoggedNoSecret()
        {
            foreach (var secret in site.Data.Users.Values.SelectMany(u => new[] { u.LoginCookie, u.Nonce }).Append(ScriptedSite.ApiKey))
                host.Logged.ShouldNotContain(line => line.Contains(secret, StringComparison.Ordinal));
        }

        public async ValueTask DisposeAsync()
        {
            await host.DisposeAsync();
            await site.DisposeAsync();
        }
    }
}
