using System.Globalization;
using System.Text;
using System.Text.Json;
using Chatpulse.Server.Tests.Chat;
using Shouldly;

namespace Chatpulse.Server.Tests.Webhooks;

public sealed class WebhookTellingTests(ChatServerFixture fixture) : IClassFixture<ChatServerFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_stored_elsewhere_is_told_once_however_often_it_is_reported()
    {
        var (thread, sender, reader) = (ChatServerFixture.NewId(), ChatServerFixture.NewId(), ChatServerFixture.NewId());
        await using var client = await fixture.Host.JoinAsync(reader, thread);
        var id = 1_000_000_000 + thread;
        var webhook = string.Create(CultureInfo.InvariantCulture,
            $$"""{"message":{"id":{{id}},"thread_id":{{thread}},"sender_id":{{sender}},"sender_name":"Zoë","content":"from outside","created_at":"2026-01-31 23:59:59","extra":true},"threadId":{{thread}},"senderId":{{sender}},"event":"message_sent"}""");

        await PostAsync("/webhook/message", webhook);
        await PostAsync("/webhook/message", webhook);

        await client.WaitForAsync("thread:updated");
        var message = (await client.AllAsync("message")).ShouldHaveSingleItem();
        message.GetProperty("id").GetInt64().ShouldBe(id);
        message.GetProperty("senderName").GetString().ShouldBe("Zoë");
        message.GetProperty("createdAt").GetString().ShouldBe("2026-01-31T23:59:59.000Z");
        var received = (await client.AllAsync("message:received")).ShouldHaveSingleItem();
        received.GetProperty("message").GetProperty("extra").GetBoolean().ShouldBeTrue();
        received.GetProperty("threadId").GetInt64().ShouldBe(thread);
        (await client.AllAsync("thread:updated")).ShouldHaveSingleItem().GetProperty("threadId").GetInt64().ShouldBe(thread);
    }

    [Fact]
    public async Task A_message_sent_through_a_socket_or_by_rest_is_not_told_again_when_its_webhook_comes()
    {
        var (thread, sender, reader) = (ChatServerFixture.NewId(), ChatServerFixture.NewId(), ChatServerFixture.NewId());
        await using var from = await fixture.Host.JoinAsync(sender, thread);
        await using var client = await fixture.Host.JoinAsync(reader, thread);

        await from.CallAsync("message_send", new { threadId = thread, content = "by socket", tempId = "t" });
        var bySocket = (await client.WaitForAsync("message")).GetProperty("id").GetInt64();
        using var http = new HttpClient { BaseAddress = fixture.Host.Address };
        http.DefaultRequestHeaders.Add("X-Chatpulse-User", sender.ToString(CultureInfo.InvariantCulture));
        using var body = new StringContent("""{"content":"by rest"}""", Encoding.UTF8, "application/json");
        using var sent = await http.PostAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"/wp-json/chatpulse-chat/v1/threads/{thread}"), UriKind.Relative), body, Cancel);
        using var stored = JsonDocument.Parse(await sent.Content.ReadAsStringAsync(Cancel));
        var byRest = stored.RootElement.GetProperty("message").GetProperty("id").GetInt64();

        foreach (var id in new[] { bySocket, byRest })
        {
            await PostAsync("/webhook/message", string.Create(CultureInfo.InvariantCulture,
                $$"""{"message":{"id":{{id}},"content":"again"},"threadId":{{thread}},"senderId":{{sender}}}"""));
        }

        // One more goes the same way behind them: when it is there, what they caused would be too.
        var last = 2_000_000_000 + thread;
        await PostAsync("/webhook/message", string.Create(CultureInfo.InvariantCulture,
            $$"""{"message":{"id":{{last}},"content":"last"},"threadId":{{thread}},"senderId":{{sender}}}"""));
        await client.WaitForAsync("message", message => message.GetProperty("id").GetInt64() == last);
        (await client.AllAsync("message")).Select(message => message.GetProperty("id").GetInt64()).ShouldBe([bySocket, byRest, last]);
        (await client.AllAsync("message:received")).Select(told => told.GetProperty("message").GetProperty("id").GetInt64()).ShouldBe([byRest, last]);
    }

    [Fact]
    public async Task A_message_is_told_even_when_a_webhook_has_used_its_id_before()
    {
        var (thread, sender, reader) = (ChatServerFixture.NewId(), ChatServerFixture.NewId(), ChatServerFixture.NewId());
        await using var host = await TestServer.StartAsync();
        await using var from = await host.JoinAsync(sender, thread);
        await using var client = await host.JoinAsync(reader, thread);
        using var body = new StringContent(
            string.Create(CultureInfo.InvariantCulture, $$"""{"message":{"id":1,"content":"of a site"},"threadId":{{thread}},"senderId":{{sender}}}"""),
            Encoding.UTF8,
            "application/json");
        using var answer = await host.Client().PostAsync(new Uri("/webhook/message", UriKind.Relative), body, Cancel);
        answer.IsSuccessStatusCode.ShouldBeTrue();
        await client.WaitForAsync("thread:updated");

        var stored = (await from.CallAsync("message_send", new { threadId = thread, content = "of this server" })).Ok();
        stored.GetProperty("message").GetProperty("id").GetInt64().ShouldBe(1);

        (await client.AllAsync("message")).Select(message => message.GetProperty("content").GetString()).ShouldBe(["of a site", "of this server"]);
    }

    [Fact]
    public async Task Receipts_stored_elsewhere_are_told_to_the_thread()
    {
        var (thread, other, reader) = (ChatServerFixture.NewId(), ChatServerFixture.NewId(), ChatServerFixture.NewId());
        await using var client = await fixture.Host.JoinAsync(reader, thread);

        await PostAsync("/webhook/read-receipt", string.Create(CultureInfo.InvariantCulture,
            $$"""{"userId":{{other}},"threadId":{{thread}},"messageIds":["11",12],"event":"messages_read"}"""));

        var read = await client.WaitForAsync("message:read");
        read.GetProperty("userId").GetInt64().ShouldBe(other);
        read.GetProperty("messageIds").EnumerateArray().Select(id => id.GetInt64()).ShouldBe([11, 12]);
        (await client.AllAsync("read_receipt")).Select(receipt => receipt.GetProperty("messageId").GetInt64()).ShouldBe([11, 12]);
    }

    [Fact]
    public async Task A_thread_made_elsewhere_is_told_to_its_people_and_nobody_else()
    {
        var (thread, creator, member, stranger) = (ChatServerFixture.NewId(), ChatServerFixture.NewId(), ChatServerFixture.NewId(), ChatServerFixture.NewId());
        await using var first = await fixture.Host.ConnectAsync(creator);
        await using var second = await fixture.Host.ConnectAsync(member);
        await using var third = await fixture.Host.ConnectAsync(stranger);

        await PostAsync("/webhook/thread-created", string.Create(CultureInfo.InvariantCulture,
            $$"""{"thread":{"id":{{thread}},"created_by":{{creator}},"title":"new"},"participantIds":{"0":{{member}}},"event":"thread_created"}"""));

        foreach (var client in new[] { first, second })
            (await client.WaitForAsync("thread:created")).GetProperty("thread").GetProperty("title").GetString().ShouldBe("new");
        (await third.AllAsync("thread:created")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Stats_and_health_count_the_connection_and_name_its_threads()
    {
        await using var host = await TestServer.StartAsync();
        await using var client = await host.JoinAsync(7, 456);
        using var http = new HttpClient { BaseAddress = host.Address };

        using var stats = JsonDocument.Parse(await http.GetStringAsync(new Uri("/stats", UriKind.Relative), Cancel));
        stats.RootElement.GetProperty("connections").GetProperty("total").GetInt32().ShouldBe(1);
        var detail = stats.RootElement.GetProperty("connections").GetProperty("details")[0];
        detail.EnumerateObject().Select(member => member.Name).ShouldBe(["socketId", "userId", "threadRooms", "connectedAt"]);
        detail.GetProperty("userId").GetInt64().ShouldBe(7);
        detail.GetProperty("threadRooms").GetRawText().ShouldBe("[456]");
        var user = stats.RootElement.GetProperty("presence").GetProperty("details")[0];
        user.EnumerateObject().Select(member => member.Name).ShouldBe(["userId", "status", "lastSeen", "activeConnections"]);
        user.GetProperty("status").GetString().ShouldBe("online");

        using var health = JsonDocument.Parse(await http.GetStringAsync(new Uri("/health", UriKind.Relative), Cancel));
        health.RootElement.GetProperty("connections").GetInt32().ShouldBe(1);
        health.RootElement.GetProperty("activeUsers").GetInt32().ShouldBe(1);
    }

    private async Task PostAsync(string path, string json)
    {
        using var http = new HttpClient { BaseAddress = fixture.Host.Address };
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), body, Cancel);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Cancel));
    }
}
