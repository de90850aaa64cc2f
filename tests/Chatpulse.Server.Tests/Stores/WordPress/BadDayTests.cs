using System.Globalization;
using System.Text;
using System.Text.Json;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Tests.Chat;
using Chatpulse.Server.Tests.Stores.WordPress.Site;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores.WordPress;

/// <summary>The whole server over a scripted site, with real connections, on the site's bad days.</summary>
public sealed class BadDayTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public enum Plugin
    {
        Ours,
        Stock,
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Plugin.Ours)]
    [InlineData(Plugin.Stock)]
    public async Task A_site_that_stops_in_the_middle_of_traffic_is_unavailable_to_everybody_who_waits_and_serves_again_once_it_is_back(Plugin plugin)
    {
        const int senders = 50;
        await using var scene = await Scene.StartAsync(plugin, senders);
        using var gate = scene.Site.Hold(request => request.Method == "POST");
        var sends = scene.Clients.Select((client, i) => client.CallAsync("message_send", new { threadId = scene.Thread, tempId = $"t{i}", content = $"lost {i}" })).ToArray();
        await gate.WaitForAsync(1, Cancel);

        await scene.Site.StopAsync();

        for (var i = 0; i < senders; i++)
        {
            var answer = await sends[i].WaitAsync(Patience, Cancel);
            answer.GetProperty("ok").GetBoolean().ShouldBeFalse();
            answer.GetProperty("error").Text("code").ShouldBe(ChatErrorCodes.Unavailable, answer.GetRawText());
            var tempId = $"t{i}";
            (await scene.Clients[i].WaitForAsync("error", error => error.Text("tempId") == tempId)).Text("event").ShouldBe("message_send");
        }

        foreach (var client in scene.Clients)
            (await client.AllAsync("message")).ShouldBeEmpty();
        scene.Site.Data.Messages.ShouldBeEmpty();

        gate.Dispose();
        await scene.Site.StartAgainAsync();
        var id = await scene.SendUntilItWorksAsync(scene.Clients[0], "t0", "lost 0");

        scene.Site.Data.Messages.ShouldHaveSingleItem().Key.ShouldBe(id);
        foreach (var client in scene.Clients.Skip(1))
        {
            await client.WaitForAsync("message");
            (await client.AllAsync("message")).ShouldHaveSingleItem().Number("id").ShouldBe(id);
        }
    }

    [Theory]
    [InlineData(Plugin.Ours)]
    [InlineData(Plugin.Stock)]
    public async Task A_message_is_told_once_though_its_webhook_comes_before_the_answer_or_after(Plugin plugin)
    {
        await using var scene = await Scene.StartAsync(plugin, users: 3, webhooks: true);
        var (ann, bob) = (scene.Clients[0], scene.Clients[1]);

        for (var i = 0; i < 5; i++)
            (await ann.CallAsync("message_send", new { threadId = scene.Thread, tempId = $"t{i}", content = $"by socket {i}" })).Ok();
        await scene.PostByRestAsync(scene.Users[2], "by REST");

        foreach (var client in new[] { ann, bob })
        {
            await client.WaitForAsync("message:received");
            await client.WaitForAsync("message", message => message.Text("content") == "by REST");
        }

        (await bob.AllAsync("message")).Select(m => m.Text("content")).ShouldBe([.. Enumerable.Range(0, 5).Select(i => $"by socket {i}"), "by REST"]);
        (await ann.AllAsync("message")).ShouldHaveSingleItem();
        (await ann.AllAsync("message_id_mapping")).Count.ShouldBe(5);
        (await bob.AllAsync("message:received")).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(Plugin.Ours, false)]
    [InlineData(Plugin.Stock, false)]
    [InlineData(Plugin.Stock, true)]
    public async Task A_message_whose_answer_was_lost_is_stored_and_told_once_however_often_it_is_sent(Plugin plugin, bool webhooks)
    {
        await using var scene = await Scene.StartAsync(plugin, users: 2, webhooks);
        var (ann, bob) = (scene.Clients[0], scene.Clients[1]);
        scene.Site.Misbehave(SiteFault.AnswerLost, request => request.Method == "POST");

        await ann.CallAsync("message_send", new { threadId = scene.Thread, tempId = "t", content = "hello" });
        scene.Site.Behave();
        var id = await scene.SendUntilItWorksAsync(ann, "t", "hello");
        (await scene.SendUntilItWorksAsync(ann, "t", "hello")).ShouldBe(id);

        scene.Site.Data.Messages.ShouldHaveSingleItem().Key.ShouldBe(id);
        await bob.WaitForAsync("message");
        // What comes after it has come shows that no second one is on its way.
        await scene.SendUntilItWorksAsync(ann, "last", "last");
        await bob.WaitForAsync("message", message => message.Text("content") == "last");
        (await bob.AllAsync("message")).Select(m => m.Text("content")).ShouldBe(["hello", "last"]);
        (await ann.AllAsync("message_id_mapping")).Where(m => m.Text("tempId") == "t").ShouldAllBe(m => m.Number("realId") == id);
    }

    [Fact]
    public async Task Ids_in_webhooks_are_numbers_or_text_and_participants_are_a_list_or_an_object()
    {
        await using var scene = await Scene.StartAsync(Plugin.Stock, users: 3, webhooks: true);
        var (ann, bob) = (scene.Users[0], scene.Users[1]);
        var ids = new List<long>();
        for (var i = 0; i < 2; i++)
            ids.Add(await scene.SendUntilItWorksAsync(scene.Clients[0], $"t{i}", "hello"));

        await scene.PostAsync($"threads/{scene.Thread}/read", "{}", bob);
        var read = await scene.Clients[0].WaitForAsync("message:read");
        await scene.PostAsync("threads", $$"""{"type":"group","participants":[{{ann.Id}},{{ann.Id}},{{scene.Users[2].Id}}],"title":"twice"}""", bob);
        var made = await scene.Clients[2].WaitForAsync("thread:created");

        scene.Site.Webhooks.Select(w => w.Body.ToJsonString()).ShouldContain(body => body.Contains("\"messageIds\":[\"", StringComparison.Ordinal));
        scene.Site.Webhooks.Select(w => w.Body.ToJsonString()).ShouldContain(body => body.Contains("\"participantIds\":{", StringComparison.Ordinal));
        read.GetProperty("messageIds").EnumerateArray().Select(id => id.GetInt64()).ShouldBe(ids);
        made.GetProperty("thread").Text("title").ShouldBe("twice");
    }

    [Fact]
    public async Task Typing_and_wrong_ids_never_reach_the_site()
    {
        await using var scene = await Scene.StartAsync(Plugin.Stock, users: 2);
        await scene.Clients[0].SyncAsync();
        var before = scene.Site.Requests.Count;

        for (var i = 0; i < 10; i++)
            await scene.Clients[0].EmitAsync("typing", new { threadId = scene.Thread, isTyping = i % 2 == 0 });
        foreach (var wrong in new object[] { "1/../2", "1?x=", -1, 1.5, "", "9007199254740993", true })
        {
            var answer = await scene.Clients[0].CallAsync("join_thread", new { threadId = wrong });
            answer.GetProperty("error").Text("code").ShouldBe(ChatErrorCodes.Invalid, answer.GetRawText());
        }

        await scene.Clients[1].WaitForAsync("typing", typing => !typing.GetProperty("isTyping").GetBoolean());
        scene.Site.Requests.Count.ShouldBe(before);
    }

    /// <summary>A site with a thread, a server over it, and everybody in the thread connected and joined.</summary>
    private sealed class Scene(ScriptedSite site, TestServer server, HttpClient rest) : IAsyncDisposable
    {
        public ScriptedSite Site => site;

        public List<SiteUser> Users { get; } = [];

        public List<ChatClient> Clients { get; } = [];

        public long Thread { get; private set; }

        public static async Task<Scene> StartAsync(Plugin plugin, int users, bool webhooks = false)
        {
            var site = plugin == Plugin.Ours ? await ScriptedSite.StartChatpulseAsync() : await ScriptedSite.StartStockAsync();
            site.Data.AddUser("Site owner", role: "administrator");
            var server = await TestServer.StartAsync(settings => settings with
            {
                WordPressBaseUrl = site.BaseUrl,
                WordPressApiKey = ScriptedSite.ApiKey,
                // Long, because the machine may be busy.
                WordPressTimeout = TimeSpan.FromSeconds(60),
            });
            if (webhooks)
                site.ChatServer = server.Address;
            var scene = new Scene(site, server, new HttpClient());
            for (var i = 0; i < users; i++)
                scene.Users.Add(site.Data.AddUser(string.Create(CultureInfo.InvariantCulture, $"User {i}")));
            scene.Thread = site.Data.AddThread("group", "Team", scene.Users[0].Id, scene.Users.Select(u => u.Id)).Id;
            foreach (var user in scene.Users)
                scene.Clients.Add(await server.JoinAsync(user.Id, scene.Thread));
            return scene;
        }

        /// <summary>Sends a message again and again as a client does, until it is confirmed, and answers its id.</summary>
        public async Task<long> SendUntilItWorksAsync(ChatClient client, string tempId, string content)
        {
            using var deadline = new CancellationTokenSource(Patience);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, Cancel);
            while (true)
            {
                var answer = await client.CallAsync("message_send", new { threadId = Thread, tempId, content });
                if (answer.GetProperty("ok").GetBoolean())
                    return answer.GetProperty("message").Number("id");
                answer.GetProperty("error").Text("code").ShouldBe(ChatErrorCodes.Unavailable, answer.GetRawText());
                await Task.Delay(TimeSpan.FromMilliseconds(50), linked.Token);
            }
        }

        /// <summary>Somebody writes on the site's own pages.</summary>
        public Task PostByRestAsync(SiteUser sender, string content) =>
            PostAsync($"threads/{Thread}", JsonSerializer.Serialize(new { content }), sender);

        public async Task PostAsync(string route, string json, SiteUser user)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{site.BaseUrl}/chatpulse-chat/v1/{route}");
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
            var credentials = ScriptedSite.Credentials(user);
            request.Headers.Add("Cookie", credentials.Cookie);
            request.Headers.Add("X-WP-Nonce", credentials.Nonce);
            using var answer = await rest.SendAsync(request, Cancel);
            answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Cancel));
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var client in Clients)
                await client.DisposeAsync();
            await server.DisposeAsync();
            await site.DisposeAsync();
            rest.Dispose();
        }
    }
}
