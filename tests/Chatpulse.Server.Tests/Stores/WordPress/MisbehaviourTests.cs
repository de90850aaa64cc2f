using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Stores;
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

    // Of the clock of the store, which is a fake one: pauses between tries cost no real time, and no time-out passes while a busy machine gets on.
    private static readonly TimeSpan SiteTimeout = TimeSpan.FromHours(6);

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
        await using var scene = await Scene.StartAsync(plugin);
        await using var elsewhere = await ScriptedSite.StartStockAsync();
        scene.Site.Elsewhere = elsewhere.BaseUrl;
        scene.AddMessage();
        var misbehaviour = scene.Site.Misbehave(fault);

        var asked = scene.CallAsync(call);
        if (AnswersThatNeverEnd.Contains(fault))
        {
            await scene.UntilAsync(() => misbehaviour.Met > 0);
            asked.IsCompleted.ShouldBeFalse();
            scene.Clock.Advance(SiteTimeout);
        }

        if (fault == SiteFault.ByteOrderMark)
            await scene.EndAsync(asked);
        else
            Check(fault, await Should.ThrowAsync<ChatException>(scene.EndAsync(asked)));

        misbehaviour.Met.ShouldBeGreaterThan(0);
        misbehaviour.Bytes.ShouldBeLessThan(64 << 20, string.Join(", ", scene.Site.Requests));
        elsewhere.Requests.ShouldBeEmpty();
        scene.ShouldHaveLoggedNoSecret();
        await scene.UntilAsync(() => scene.Site.Open == 0);
        scene.Site.Behave();
        await scene.EndAsync(scene.CallAsync(call));
    }

    [Theory]
    [InlineData(Plugin.Ours)]
    [InlineData(Plugin.Stock)]
    public async Task A_refused_connection_is_unavailable_until_the_site_is_back(Plugin plugin)
    {
        await using var scene = await Scene.StartAsync(plugin);
        await scene.Site.StopAsync();

        (await Should.ThrowAsync<ChatException>(scene.EndAsync(scene.CallAsync(Call.Send)))).Code.ShouldBe(ChatErrorCodes.Unavailable);

        await scene.Site.StartAgainAsync();
        await scene.EndAsync(scene.CallAsync(Call.Send));
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
        await using var scene = await Scene.StartAsync(Plugin.Ours);
        scene.Site.Misbehave(fault);

        await Should.ThrowAsync<ChatException>(scene.EndAsync(scene.CallAsync(Call.Send)));

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
            await using var scene = await Scene.StartAsync(plugin);
            scene.Site.Misbehave(fault);
            await Should.ThrowAsync<ChatException>(scene.EndAsync(scene.CallAsync(Call.Send)));
            scene.Site.Behave();

            var retry = await scene.SendAsync();
            var again = await scene.SendAsync();

            scene.Site.Data.Messages.Count.ShouldBe(1, plugin.ToString());
            retry.Message.Id.ShouldBe(1);
            retry.AlreadyStored.ShouldBeFalse("nobody was told of it yet");
            (again.Message.Id, again.AlreadyStored).ShouldBe((1, true));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public async Task Receipts_that_were_stored_without_an_answer_are_told_by_the_next_try(int lost)
    {
        await using var scene = await Scene.StartAsync(Plugin.Ours);
        scene.AddMessage();
        scene.AddMessage();
        scene.Site.Misbehave(SiteFault.AnswerLost, request => request.Method == "POST", lost);
        if (lost > 1)
        {
            await Should.ThrowAsync<ChatException>(scene.EndAsync(scene.ReadAsync(1)));
            scene.Site.Behave();
        }

        var marked = scene.ReadAsync(1);
        await scene.EndAsync(marked);
        var again = scene.ReadAsync(1);
        await scene.EndAsync(again);

        (await marked).Receipts.ShouldHaveSingleItem().MessageId.ShouldBe(1);
        (await marked).ReadByAll.ShouldHaveSingleItem().Status.ShouldBe("read");
        (await again).Receipts.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_delivery_that_was_stored_without_an_answer_is_told_by_the_repeat()
    {
        await using var scene = await Scene.StartAsync(Plugin.Ours);
        scene.AddMessage();
        scene.Site.Misbehave(SiteFault.AnswerLost, request => request.Method == "POST", times: 1);

        var delivered = scene.DeliverAsync(1);
        await scene.EndAsync(delivered);

        (await delivered).ShouldHaveSingleItem().Status.ShouldBe("delivered");
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

    /// <summary>A site with Ann and Bob in a thread, and a store that knows the site and nothing else.</summary>
    private sealed class Scene(ScriptedSite site, StoreHost host, FakeTimeProvider clock, long ann, long bob, long thread) : IAsyncDisposable
    {
        // What the store waits for by itself (before a batch, between tries, after a silence) is over in a few of them, the time-out in none.
        private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

        public ScriptedSite Site => site;

        public StoreHost Host => host;

        /// <summary>The store's.</summary>
        public FakeTimeProvider Clock => clock;

        public static async Task<Scene> StartAsync(Plugin plugin)
        {
            var ours = plugin == Plugin.Ours;
            var site = ours ? await ScriptedSite.StartChatpulseAsync() : await ScriptedSite.StartStockAsync();
            site.Data.AddUser("Site owner", role: "administrator");
            var ann = site.Data.AddUser("Ann Ångström");
            var bob = site.Data.AddUser("Bob Müller");
            var thread = site.Data.AddThread("group", "Größe", ann.Id, [bob.Id]);
            var settings = ScriptedStoreHarness.Settings(site, ours ? AuthMode.Token : AuthMode.WordPress);
            var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
            var host = new StoreHost(settings with { WordPressTimeout = SiteTimeout }, clock);
            host.Sessions.Set(ann.Id, "browser", ScriptedSite.Credentials(ann));
            host.Sessions.Set(bob.Id, "browser", ScriptedSite.Credentials(bob));
            await host.Discovery.GetAsync(Cancel);
            return new Scene(site, host, clock, ann.Id, bob.Id, thread.Id);
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

        public Task<MarkedRead> ReadAsync(long messageId) => host.Store.MarkReadAsync(ann, thread, [messageId], Cancel).AsTask();

        public Task<IReadOnlyList<ChatMessage>> DeliverAsync(long messageId) => host.Store.MarkDeliveredAsync(ann, thread, [messageId], Cancel).AsTask();

        public async Task<StoredMessage> SendAsync()
        {
            var sent = host.Store.SendAsync(new NewMessage(ann, thread, "temp", Text, ContentTypes.PlainText, []), Cancel).AsTask();
            await EndAsync(sent);
            return await sent;
        }

        /// <summary>Completes as the call does, while the store's time goes by.</summary>
        public async Task EndAsync(Task call)
        {
            await UntilAsync(() => call.IsCompleted);
            await call;
        }

        /// <summary>Waits until something is so, while the store's time goes by.</summary>
        public async Task UntilAsync(Func<bool> holds)
        {
            using var deadline = new CancellationTokenSource(Patience);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, Cancel);
            while (!holds())
            {
                clock.Advance(Step);
                await Task.Delay(TimeSpan.FromMilliseconds(5), linked.Token);
            }
        }

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
