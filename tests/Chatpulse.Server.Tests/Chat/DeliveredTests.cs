using Chatpulse.Server.Chat;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;

namespace Chatpulse.Server.Tests.Chat;

/// <summary>A sender learns that a message has reached somebody, from clients that say so; to the others nothing changes.</summary>
public sealed class DeliveredTests(ChatServerFixture fixture) : IClassFixture<ChatServerFixture>
{
    private readonly TestServer _host = fixture.Host;
    private readonly long _ada = ChatServerFixture.NewId();
    private readonly long _bob = ChatServerFixture.NewId();
    private readonly long _threadId = ChatServerFixture.NewId();

    [Fact]
    public async Task The_first_device_that_takes_a_message_makes_it_delivered_for_all_connections_of_the_sender()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var elsewhere = await _host.ConnectAsync(_ada);
        await using var bob = await JoinAcknowledgingAsync(_bob);
        await using var phone = await JoinAcknowledgingAsync(_bob);
        var id = await SendAsync(ada);

        foreach (var client in new[] { ada, elsewhere })
        {
            var update = await client.WaitForAsync("message_update");
            update.Number("id").ShouldBe(id);
            update.Text("status").ShouldBe("delivered");
            update.Text("content").ShouldBe("hello");
        }

        (await StatusAsync(ada, id)).ShouldBe("delivered");
        (await ada.AllAsync("message_update")).Count.ShouldBe(1);
        (await bob.AllAsync("message_update")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Clients_that_say_nothing_deliver_nothing_and_read_as_before()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        var id = await SendAsync(ada);
        await bob.WaitForAsync("message");

        (await StatusAsync(bob, id)).ShouldBe("sent");
        (await bob.CallAsync("message_read", new { threadId = _threadId, messageIds = new[] { id } })).Ok();

        (await ada.WaitForAsync("message_update")).Text("status").ShouldBe("read");
        (await ada.AllAsync("message_update")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Another_device_of_the_sender_and_a_stranger_deliver_nothing()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var tablet = await JoinAcknowledgingAsync(_ada);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        await using var stranger = await _host.ConnectAsync(ChatServerFixture.NewId());
        var id = await SendAsync(ada);
        await bob.WaitForAsync("message");
        await tablet.SyncAsync();

        // The number of the question is easily guessed.
        await stranger.AcknowledgeAsync(bob.Received.Single(received => received.Is("message")));
        await stranger.SyncAsync();
        (await StatusAsync(ada, id)).ShouldBe("sent");

        await bob.AcknowledgeAsync(bob.Received.Single(received => received.Is("message")));
        (await ada.WaitForAsync("message_update")).Text("status").ShouldBe("delivered");
    }

    [Fact]
    public async Task What_is_read_does_not_become_delivered_again()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        var first = await SendAsync(ada);
        await bob.WaitForAsync("message");
        (await bob.CallAsync("message_read", new { threadId = _threadId, messageIds = new[] { first } })).Ok();
        await bob.AcknowledgeAsync(bob.Received.Single(received => received.Is("message")));

        // Marks of one user in one thread are stored in their order: when the second is there, the first has been looked at.
        bob.Acknowledges = true;
        var second = await SendAsync(ada);
        await ada.WaitForAsync("message_update", update => update.Number("id") == second && update.Text("status") is "delivered");

        (await StatusAsync(ada, first)).ShouldBe("read");
        (await ada.AllAsync("message_update")).Where(update => update.Number("id") == first).ShouldHaveSingleItem().Text("status").ShouldBe("read");
    }

    [Fact]
    public async Task What_is_sent_again_after_an_absence_is_delivered_then()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        var first = await SendAsync(ada);
        var missed = new List<long>();
        for (var i = 0; i < 250; i++)
            missed.Add(await SendAsync(ada));
        await using var bob = await _host.ConnectAsync(_bob);
        bob.Acknowledges = true;

        (await bob.CallAsync("join_thread", new { threadId = _threadId, lastMessageId = first })).Ok().Number("missed").ShouldBe(missed.Count);

        foreach (var id in missed)
            await ada.WaitForAsync("message_update", update => update.Number("id") == id && update.Text("status") is "delivered");
        (await StatusAsync(ada, missed[^1])).ShouldBe("delivered");
        (await ada.AllAsync("message_update")).Count.ShouldBe(missed.Count);
    }

    [Fact]
    public async Task A_message_that_came_by_REST_is_delivered_too()
    {
        await using var bob = await JoinAcknowledgingAsync(_bob);
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        var chat = _host.Services.GetRequiredService<ChatService>();

        var sent = await chat.SendAsync(
            new MessageDraft { SenderId = _ada, ThreadId = _threadId, Content = "by REST" }, sender: null, TestContext.Current.CancellationToken);

        (await ada.WaitForAsync("message_update")).Number("id").ShouldBe(sent.Message.Id);
    }

    private async Task<ChatClient> JoinAcknowledgingAsync(long userId)
    {
        var client = await _host.JoinAsync(userId, _threadId);
        client.Acknowledges = true;
        return client;
    }

    private async Task<long> SendAsync(ChatClient client) =>
        (await client.CallAsync("message_send", new { threadId = _threadId, content = "hello" })).Ok().GetProperty("message").Number("id");

    private async Task<string> StatusAsync(ChatClient client, long id) =>
        (await client.CallAsync("history", new { threadId = _threadId })).Ok().GetProperty("messages").EnumerateArray()
            .Single(message => message.Number("id") == id).Text("status");
}
