using System.Text;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Tests.Chat;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Webhooks;

/// <summary>Webhooks of messages that come while the store has not answered a send in the same thread.</summary>
public sealed class SlowStoreTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly StoreGate _gate = new(nameof(IChatStore.SendAsync));

    private Task<TestServer> StartAsync() => TestServer.StartAsync(
        settings => settings, services => services.AddSingleton<IChatStore>(_gate.Decorate).AddSingleton<TimeProvider>(_time));

    private static async Task WebhookAsync(TestServer host, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await host.Client().PostAsync(new Uri("/webhook/" + path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task One_of_another_sender_is_told_after_a_second_and_one_that_may_be_the_send_when_that_is_settled()
    {
        await using var host = await StartAsync();
        await using var sender = await host.JoinAsync(1, 7);
        await using var reader = await host.JoinAsync(2, 7);
        _gate.Close();
        var sent = sender.CallAsync("message_send", new { threadId = 7, tempId = "t1", content = "slow" });
        await _gate.Reached;

        await WebhookAsync(host, "message", """{"message":{"id":1,"content":"slow","client_id":"t1"},"threadId":7,"senderId":1}""");
        await WebhookAsync(host, "message", """{"message":{"id":900,"content":"another device of the sender","client_id":"t2"},"threadId":7,"senderId":1}""");
        await WebhookAsync(host, "message", """{"message":{"id":901,"content":"another sender"},"threadId":7,"senderId":3}""");
        (await reader.AllAsync("message")).ShouldBeEmpty();
        _time.Advance(TimeSpan.FromSeconds(1.1));
        await reader.WaitForAsync("message", message => message.Number("id") == 901);
        (await reader.AllAsync("message")).Select(message => message.Number("id")).ShouldBe([900, 901]);

        _gate.Open();
        (await sent).Ok().GetProperty("message").Number("id").ShouldBe(1);
        (await reader.AllAsync("message")).Select(message => message.Number("id")).ShouldBe([900, 901, 1]);
        (await sender.AllAsync("message")).Select(message => message.Number("id")).ShouldBe([900, 901]);
    }

    [Fact]
    public async Task What_comes_in_time_is_told_in_order()
    {
        await using var host = await StartAsync();
        await using var sender = await host.JoinAsync(1, 7);
        await using var reader = await host.JoinAsync(2, 7);
        _gate.Close();
        var sent = sender.CallAsync("message_send", new { threadId = 7, content = "first" });
        await _gate.Reached;
        await WebhookAsync(host, "message", """{"message":{"id":2,"content":"second"},"threadId":7,"senderId":3}""");
        _gate.Open();
        (await sent).Ok();
        await reader.WaitForAsync("message", message => message.Number("id") == 2);
        (await reader.AllAsync("message")).Select(message => message.Number("id")).ShouldBe([1, 2]);
    }

    [Theory]
    [InlineData("message-updated", "edited")]
    [InlineData("message-deleted", "")]
    public async Task A_change_is_told_to_the_thread_after_its_message(string path, string content)
    {
        await using var host = await StartAsync();
        await using var sender = await host.JoinAsync(1, 7);
        await using var reader = await host.JoinAsync(2, 7);
        await using var elsewhere = await host.ConnectAsync(1);
        _gate.Close();
        var sent = sender.CallAsync("message_send", new { threadId = 7, content = "first" });
        await _gate.Reached;
        await WebhookAsync(host, path, $$"""{"message":{"id":1,"sender_id":"1","content":"{{content}}","updated_at_gmt":"2026-11-23T12:00:00Z"},"messageId":1,"threadId":7}""");
        _gate.Open();
        (await sent).Ok();
        var update = await reader.WaitForAsync("message_update");
        update.Text("content").ShouldBe(content);
        update.Text("updatedAt").ShouldBe("2026-11-23T12:00:00.000Z");
        (await elsewhere.WaitForAsync("message_update")).Number("id").ShouldBe(1);
        reader.Received.Where(received => received.Name is "message" or "message_update").Select(received => received.Name).ShouldBe(["message", "message_update"]);
    }
}
