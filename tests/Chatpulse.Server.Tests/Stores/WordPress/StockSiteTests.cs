using System.Globalization;
using System.Text.Json.Nodes;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Stores.WordPress;
using Chatpulse.Server.Tests.Stores.WordPress.Site;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores.WordPress;

/// <summary>What a site with the stock plugin really does, and what the store makes of it; a test for each thing that was seen there.</summary>
public sealed class StockSiteTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_the_key_every_thread_is_open_so_users_logins_are_asked_with_and_without_it()
    {
        await using var scene = await StockScene.StartAsync(AuthMode.WordPress);
        await scene.Store.CheckAccessAsync(scene.Ann, scene.Thread, Cancel);
        await scene.Store.HistoryAsync(scene.Ann, scene.Thread, null, null, 10, Cancel);
        await scene.SendAsync("hello");

        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await scene.Store.CheckAccessAsync(scene.Cem, scene.Thread, Cancel));
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await scene.Store.HistoryAsync(scene.Cem, scene.Thread, null, null, 10, Cancel));
        await RefusedAsync(ChatErrorCodes.Forbidden, () => scene.SendAsync("let me in", sender: scene.Cem));

        var aboutThreads = scene.Site.Requests.Where(r => r.Path.Contains("/threads/", StringComparison.Ordinal)).ToArray();
        aboutThreads.ShouldNotBeEmpty();
        aboutThreads.ShouldAllBe(r => !r.Headers.ContainsKey("X-Chatpulse-API-Key") && r.Headers.ContainsKey("Cookie"));
    }

    [Fact]
    public async Task With_tokens_only_those_threads_are_open_that_webhooks_told_of()
    {
        await using var scene = await StockScene.StartAsync(AuthMode.Token);
        var refusal = await RefusedAsync(ChatErrorCodes.Forbidden, async () => await scene.Store.CheckAccessAsync(scene.Ann, scene.Thread, Cancel));
        refusal.Message.ShouldContain("plugin");
        await RefusedAsync(ChatErrorCodes.Forbidden, () => scene.SendAsync("hello"));

        scene.Store.ParticipantsChanged(scene.Thread, [scene.Ann, scene.Bob], []);

        await scene.Store.CheckAccessAsync(scene.Ann, scene.Thread, Cancel);
        (await scene.SendAsync("hello")).Message.SenderId.ShouldBe(scene.Ann);
        await RefusedAsync(ChatErrorCodes.Forbidden, async () => await scene.Store.CheckAccessAsync(scene.Cem, scene.Thread, Cancel));
    }

    [Fact]
    public async Task With_bare_user_ids_everything_is_open_and_the_log_says_so_loudly()
    {
        await using var scene = await StockScene.StartAsync(AuthMode.UserId);

        await scene.Store.CheckAccessAsync(scene.Cem, scene.Thread, Cancel);

        scene.Host.Logged.ShouldContain(line => line.StartsWith("Warning: NOT PROTECTED", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_thread_that_does_not_exist_is_not_found_although_the_site_fails_with_500()
    {
        await using var scene = await StockScene.StartAsync(AuthMode.UserId);

        var refusal = await RefusedAsync(ChatErrorCodes.NotFound, () => scene.SendAsync("hello", thread: 99_999));

        refusal.Message.ShouldContain("99999");
    }

    [Fact]
    public async Task An_unknown_sender_whom_the_site_replaces_by_user_1_is_not_confirmed()
    {
        await using var scene = await StockScene.StartAsync(AuthMode.UserId);

        var refusal = await RefusedAsync(ChatErrorCodes.Forbidden, () => scene.SendAsync("ghost", sender: 999));

        refusal.Message.ShouldContain("999");
        scene.Host.Logged.ShouldContain(line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains("999", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_read_receipt_is_stored_with_the_readers_own_login_and_one_id_a_call()
    {
        await using var scene = await StockScene.StartAsync(AuthMode.WordPress);
        var first = (await scene.SendAsync("one")).Message.Id;
        var second = (await scene.SendAsync("two")).Message.Id;

        (await scene.Store.MarkReadAsync(scene.Bob, scene.Thread, [first, second], Cancel)).Receipts.Select(r => r.MessageId).ShouldBe([first, second]);

        scene.Site.Requests.Count(r => r.Path.EndsWith("/read", StringComparison.Ordinal)).ShouldBe(2);
        (await scene.Store.ReceiptsAsync(scene.Ann, first, Cancel)).ShouldHaveSingleItem().UserId.ShouldBe(scene.Bob);
    }

    [Fact]
    public async Task A_read_receipt_without_a_login_is_told_but_not_stored_for_user_1_and_the_log_says_so_once()
    {
        await using var scene = await StockScene.StartAsync(AuthMode.UserId);
        var sent = (await scene.SendAsync("one")).Message.Id;

        (await scene.Store.MarkReadAsync(scene.Bob, scene.Thread, [sent], Cancel)).Receipts.ShouldHaveSingleItem().UserId.ShouldBe(scene.Bob);
        (await scene.Store.MarkReadAsync(scene.Bob, scene.Thread, [sent], Cancel)).Receipts.ShouldBeEmpty();
        (await scene.Store.MarkReadAsync(scene.Cem, scene.Thread, [sent], Cancel)).Receipts.ShouldHaveSingleItem().UserId.ShouldBe(scene.Cem);

        scene.Site.Requests.ShouldNotContain(r => r.Path.EndsWith("/read", StringComparison.Ordinal));
        scene.Site.Data.Messages[sent].Receipts.ShouldNotContain(r => r.ReadAt != null);
        scene.Host.Logged.Count(line => line.Contains("Read receipts are told but not stored", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Theory]
    [InlineData("America/New_York")]
    [InlineData("Asia/Kathmandu")]
    [InlineData("UTC")]
    public async Task Times_are_in_the_sites_zone_without_saying_so_and_become_utc(string zone)
    {
        var now = new DateTimeOffset(2026, 7, 1, 12, 34, 56, TimeSpan.Zero);
        await using var scene = await StockScene.StartAsync(AuthMode.WordPress, siteClock: new FakeTimeProvider(now), zone: zone);

        (await scene.SendAsync("hello")).Message.CreatedAt.ShouldBe(now);

        var read = (await scene.Store.HistoryAsync(scene.Bob, scene.Thread, null, null, 10, Cancel)).Messages.ShouldHaveSingleItem();
        (read.CreatedAt, read.CreatedAt.Offset).ShouldBe((now, TimeSpan.Zero));
        (await scene.Store.HistoryBeforeTimeAsync(scene.Bob, scene.Thread, now, 10, Cancel)).Messages.ShouldBeEmpty();
        (await scene.Store.HistoryBeforeTimeAsync(scene.Bob, scene.Thread, now.AddSeconds(1), 10, Cancel)).Messages.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(50)]
    [InlineData(100)]
    public async Task Paging_finds_all_of_335_messages_although_many_share_a_second(int limit)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow.AddHours(-1));
        await using var scene = await StockScene.StartAsync(AuthMode.WordPress, siteClock: clock);
        for (var i = 0; i < 335; i++)
        {
            scene.Site.Data.AddMessage(scene.Thread, scene.Bob, $"message {i}", "text/plain");
            if (i % 60 == 59)
                clock.Advance(TimeSpan.FromSeconds(1));
        }

        var found = new List<long>();
        MessagePage page;
        do
        {
            page = await scene.Store.HistoryAsync(scene.Ann, scene.Thread, found.Count == 0 ? null : found[0], null, limit, Cancel);
            page.Messages.Select(m => m.Id).ShouldBeInOrder(SortDirection.Ascending);
            found.InsertRange(0, page.Messages.Select(m => m.Id));
        }
        while (page.HasMore);

        found.ShouldBe(scene.Site.Data.Messages.Keys);
    }

    [Fact]
    public async Task Stored_content_differs_from_what_was_sent_and_what_is_stored_counts()
    {
        await using var scene = await StockScene.StartAsync(AuthMode.WordPress);

        (await scene.SendAsync("1 < 2 <b>and</b> so on")).Message.Content.ShouldBe("1 &lt; 2 and so on");

        (await scene.Store.HistoryAsync(scene.Bob, scene.Thread, null, null, 10, Cancel)).Messages.ShouldHaveSingleItem().Content.ShouldBe("1 &lt; 2 and so on");
    }

    [Fact]
    public async Task Content_is_limited_to_ten_thousand_bytes_before_the_site_is_called()
    {
        await using var scene = await StockScene.StartAsync(AuthMode.WordPress);
        var before = scene.Site.Requests.Count;

        var refusal = await RefusedAsync(ChatErrorCodes.TooLarge, () => scene.SendAsync(new string('ä', 5_001)));

        refusal.Message.ShouldContain("10000 bytes");
        scene.Site.Requests.Count.ShouldBe(before);
    }

    [Fact]
    public async Task Sixty_messages_a_minute_and_then_rate_limited_with_when_again()
    {
        await using var scene = await StockScene.StartAsync(AuthMode.WordPress);
        for (var i = 0; i < 60; i++)
            await scene.SendAsync("hello");

        (await RefusedAsync(ChatErrorCodes.RateLimited, () => scene.SendAsync("one too many"))).RetryAfterMs.ShouldBe(60_000);

        (await scene.SendAsync("of somebody else", sender: scene.Bob)).Message.SenderId.ShouldBe(scene.Bob);
    }

    [Theory]
    [InlineData(AuthMode.WordPress)]
    [InlineData(AuthMode.UserId)]
    public async Task One_call_a_message_and_never_two(AuthMode mode)
    {
        await using var scene = await StockScene.StartAsync(mode);
        var before = scene.Site.Requests.Count;

        for (var i = 0; i < 10; i++)
        {
            await scene.Store.CheckAccessAsync(scene.Ann, scene.Thread, Cancel);
            await scene.SendAsync("hello");
        }

        var posts = scene.Site.Requests.Skip(before).ToArray();
        posts.Count(r => r.Method == "POST").ShouldBe(10);
        // Access is asked for once and remembered; the first look at who somebody is may be one more.
        posts.Count(r => r.Method == "GET").ShouldBeLessThanOrEqualTo(2);
    }

    [Fact]
    public async Task Messages_of_one_sender_to_one_thread_are_stored_one_after_the_other_and_senders_side_by_side()
    {
        await using var scene = await StockScene.StartAsync(AuthMode.WordPress);
        using var gate = scene.Site.Hold(request => request.Method == "POST");

        Task<StoredMessage>[] sends = [.. Enumerable.Range(1, 5).Select(i => scene.SendAsync($"Ann {i}")), scene.SendAsync("Bob", sender: scene.Bob)];
        await gate.WaitForAsync(2, Cancel);
        gate.Held.Select(request => (string)JsonNode.Parse(request.Body)!["content"]!).ShouldBe(["Ann 1", "Bob"], ignoreOrder: true);
        gate.Dispose();

        var ids = (await Task.WhenAll(sends)).Take(5).Select(stored => stored.Message.Id);
        ids.ShouldBeInOrder(SortDirection.Ascending);
        scene.Site.Data.Messages.Values.Where(m => m.SenderId == scene.Ann).Select(m => m.Content).ShouldBe(["Ann 1", "Ann 2", "Ann 3", "Ann 4", "Ann 5"]);
    }

    [Fact]
    public async Task A_site_that_is_down_makes_health_say_why_and_is_left_alone_for_a_moment()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var scene = await StockScene.StartAsync(AuthMode.WordPress, storeClock: clock);
        await scene.Store.CheckHealthAsync(Cancel);
        scene.Site.Misbehave(SiteFault.ClosedBeforeTheAnswer);
        for (var i = 0; i < 5; i++)
            await RefusedAsync(ChatErrorCodes.Unavailable, () => scene.SendAsync("hello"));
        var asked = scene.Site.Requests.Count;

        (await RefusedAsync(ChatErrorCodes.Unavailable, async () => await scene.Store.CheckHealthAsync(Cancel))).Message.ShouldContain("WordPress");
        var first = scene.SendAsync("hello again");
        scene.Site.Requests.Count.ShouldBe(asked);

        scene.Site.Behave();
        clock.Advance(TimeSpan.FromSeconds(1));
        (await first).Message.Content.ShouldBe("hello again");
        await scene.Store.CheckHealthAsync(Cancel);
    }

    [Fact]
    public async Task A_key_that_the_site_refuses_is_said_by_health_and_logged_loudly()
    {
        await using var scene = await StockScene.StartAsync(AuthMode.UserId, settings: s => s with { WordPressApiKey = "not the key" });

        await RefusedAsync(ChatErrorCodes.Unavailable, () => scene.SendAsync("hello"));

        (await RefusedAsync(ChatErrorCodes.Unavailable, async () => await scene.Store.CheckHealthAsync(Cancel))).Message.ShouldContain("WP_API_KEY");
        scene.Host.Logged.Count(line => line.StartsWith("Critical", StringComparison.Ordinal)).ShouldBe(1);
        scene.Host.Logged.ShouldNotContain(line => line.Contains("not the key", StringComparison.Ordinal));
    }

    private static async Task<ChatException> RefusedAsync(string code, Func<Task> call)
    {
        var refusal = await Should.ThrowAsync<ChatException>(call);
        refusal.Code.ShouldBe(code, refusal.Message);
        return refusal;
    }

    /// <summary>A stock site with Ann and Bob in a thread and Cem outside, all of them signed in, and the store over it.</summary>
    private sealed class StockScene(ScriptedSite site, StoreHost host) : IAsyncDisposable
    {
        public ScriptedSite Site => site;

        public StoreHost Host => host;

        public WordPressChatStore Store => host.Store;

        public long Ann { get; private init; }

        public long Bob { get; private init; }

        public long Cem { get; private init; }

        public long Thread { get; private init; }

        public static async Task<StockScene> StartAsync(
            AuthMode mode, TimeProvider? siteClock = null, string zone = "UTC", TimeProvider? storeClock = null, Func<ServerSettings, ServerSettings>? settings = null)
        {
            var site = await ScriptedSite.StartStockAsync(siteClock);
            site.Data.TimeZone = TimeZoneInfo.FindSystemTimeZoneById(zone);
            site.Data.AddUser("Site owner", role: "administrator");
            var ann = site.Data.AddUser("Ann");
            var bob = site.Data.AddUser("Bob");
            var cem = site.Data.AddUser("Cem");
            var thread = site.Data.AddThread("group", "Team", ann.Id, [bob.Id]);
            var chosen = ScriptedStoreHarness.Settings(site, mode);
            var host = new StoreHost(settings?.Invoke(chosen) ?? chosen, storeClock);
            foreach (var user in new[] { ann, bob, cem })
                host.Sessions.Set(user.Id, string.Create(CultureInfo.InvariantCulture, $"browser of {user.Id}"), ScriptedSite.Credentials(user));
            await host.Discovery.GetAsync(Cancel);
            return new StockScene(site, host) { Ann = ann.Id, Bob = bob.Id, Cem = cem.Id, Thread = thread.Id };
        }

        public Task<StoredMessage> SendAsync(string content, long? sender = null, long? thread = null) =>
            Store.SendAsync(new NewMessage(sender ?? Ann, thread ?? Thread, null, content, ContentTypes.PlainText, []), Cancel).AsTask();

        public async ValueTask DisposeAsync()
        {
            await host.DisposeAsync();
            await site.DisposeAsync();
        }
    }
}
