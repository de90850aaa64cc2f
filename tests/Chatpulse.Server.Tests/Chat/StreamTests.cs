using System.Text.Json;
using Chatpulse.Server.Chat;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;

namespace Chatpulse.Server.Tests.Chat;

/// <summary>Nothing missed, nothing twice, in one order; over devices, retries and reconnects.</summary>
public sealed class StreamTests(ChatServerFixture fixture) : IClassFixture<ChatServerFixture>
{
    private readonly TestServer _host = fixture.Host;
    private readonly long _ada = ChatServerFixture.NewId();
    private readonly long _bob = ChatServerFixture.NewId();
    private readonly long _threadId = ChatServerFixture.NewId();

    private async Task<long> SendAsync(ChatClient client, string content, string? tempId = null) =>
        (await client.CallAsync("message_send", new { threadId = _threadId, content, tempId })).Ok().GetProperty("message").Number("id");

    private static IEnumerable<long> Ids(IEnumerable<JsonElement> messages) => messages.Select(message => message.Number("id"));

    [Fact]
    public async Task Everyone_sees_the_messages_of_many_senders_in_one_order_and_once()
    {
        const int senders = 8;
        const int each = 25;
        await using var watcher = await _host.JoinAsync(_ada, _threadId);
        var clients = await Task.WhenAll(Enumerable.Range(0, senders).Select(_ => _host.JoinAsync(ChatServerFixture.NewId(), _threadId)));

        var sent = await Task.WhenAll(clients.Select(async client =>
            await Task.WhenAll(Enumerable.Range(0, each).Select(i => SendAsync(client, $"{i}", $"t{i}")))));

        var seen = Ids(await watcher.AllAsync("message")).ToList();
        seen.ShouldBe(sent.SelectMany(ids => ids).Order());
        for (var i = 0; i < senders; i++)
        {
            // Its own arrive as mappings, at their place among those of the others.
            await clients[i].SyncAsync();
            clients[i].Received
                .Where(received => received.Is("message") || received.Is("message_id_mapping"))
                .Select(received => received.Is("message") ? received.Payload.Number("id") : received.Payload.Number("realId"))
                .ShouldBe(seen);
            sent[i].ShouldBe([.. sent[i].Order()], "a sender's messages are stored in the order they were sent");
            await clients[i].DisposeAsync();
        }
    }

    [Fact]
    public async Task A_retry_gets_the_same_id_and_is_told_to_nobody_again()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        var id = await SendAsync(ada, "once", "t-1");
        (await SendAsync(ada, "once", "t-1")).ShouldBe(id);
        await using var again = await _host.JoinAsync(_ada, _threadId);
        (await SendAsync(again, "once", "t-1")).ShouldBe(id);

        (await again.AllAsync("message_id_mapping")).Single().Number("realId").ShouldBe(id);
        Ids(await bob.AllAsync("message")).ShouldBe([id]);
        (await ada.AllAsync("message")).ShouldBeEmpty();

        // The name of a message is the sender's and the thread's own.
        (await SendAsync(bob, "another's", "t-1")).ShouldNotBe(id);
    }

    [Fact]
    public async Task The_senders_other_devices_get_the_message()
    {
        await using var laptop = await _host.JoinAsync(_ada, _threadId);
        await using var phone = await _host.JoinAsync(_ada, _threadId);
        var id = await SendAsync(laptop, "from the laptop", "t-1");
        Ids(await phone.AllAsync("message")).ShouldBe([id]);
        (await phone.AllAsync("message_id_mapping")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Joining_twice_is_joining_once()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        (await bob.CallAsync("join_thread", new { threadId = _threadId })).Ok().GetProperty("online").GetArrayLength().ShouldBe(2);
        var id = await SendAsync(ada, "x");
        Ids(await bob.AllAsync("message")).ShouldBe([id]);
        (await ada.AllAsync("presence")).Count.ShouldBe(1);
        (await bob.CallAsync("leave_thread", new { threadId = _threadId })).Ok();
        (await ada.AllAsync("presence")).Count.ShouldBe(2);
    }

    [Fact]
    public async Task What_was_missed_comes_before_what_is_new_without_gap_or_double_while_others_send()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        var sent = new List<long>();
        for (var i = 0; i < 20; i++)
            sent.Add(await SendAsync(ada, $"before {i}"));
        var last = sent[4];

        var sending = SendOnAsync();

        var joiners = await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            var joiner = await _host.ConnectAsync(ChatServerFixture.NewId());
            var answer = (await joiner.CallAsync("join_thread", new { threadId = _threadId, lastMessageId = last })).Ok();
            answer.Number("missed").ShouldBeGreaterThanOrEqualTo(15);
            return joiner;
        }));
        await sending;
        foreach (var joiner in joiners)
        {
            Ids(await joiner.AllAsync("message")).ShouldBe(sent.Skip(5));
            (await joiner.AllAsync("thread_joined")).Count.ShouldBe(1);
            await joiner.DisposeAsync();
        }

        async Task SendOnAsync()
        {
            for (var i = 0; i < 100; i++)
                sent.Add(await SendAsync(ada, $"during {i}"));
        }
    }

    [Fact]
    public async Task Joining_again_with_a_last_message_brings_what_came_after_it()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        var first = await SendAsync(ada, "1");
        var second = await SendAsync(ada, "2");
        await bob.ForgetAsync();
        (await bob.CallAsync("join_thread", new { threadId = _threadId, lastMessageId = first })).Ok().Number("missed").ShouldBe(1);
        var third = await SendAsync(ada, "3");
        Ids(await bob.AllAsync("message")).ShouldBe([second, third]);
        (await ada.AllAsync("presence")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_backlog_of_many_pages_comes_whole_before_the_join_is_told()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        var content = new string('x', 10_000);
        var ids = new List<long>();
        for (var i = 0; i < 20; i++)
            ids.AddRange(await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => SendAsync(ada, content))));

        // Some 12 MB: more than may wait for one client if it were sent at once.
        await using var bob = await _host.ConnectAsync(_bob);
        var answer = (await bob.CallAsync("join_thread", new { threadId = _threadId, lastMessageId = ids.Min() })).Ok();
        answer.Number("missed").ShouldBe(ids.Count - 1);
        var live = await SendAsync(ada, "live");
        Ids(await bob.AllAsync("message")).ShouldBe([.. ids.Order().Skip(1), live]);
    }

    [Fact]
    public async Task History_pages_back_to_the_beginning()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        var ids = new List<long>();
        for (var i = 0; i < 7; i++)
            ids.Add(await SendAsync(ada, $"{i}"));

        var newest = (await ada.CallAsync("history", new { threadId = _threadId, limit = 3 })).Ok();
        Ids(newest.GetProperty("messages").EnumerateArray()).ShouldBe(ids.Skip(4));
        newest.GetProperty("hasMore").GetBoolean().ShouldBeTrue();
        newest.GetProperty("messages")[0].Text("content").ShouldBe("4");
        var older = (await ada.CallAsync("history", new { threadId = _threadId, before = ids[4], limit = 4 })).Ok();
        Ids(older.GetProperty("messages").EnumerateArray()).ShouldBe(ids.Take(4));
        older.GetProperty("hasMore").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task A_client_that_lost_its_connection_may_send_before_it_has_joined_again()
    {
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        await (await _host.JoinAsync(_ada, _threadId)).DisposeAsync();
        await bob.WaitForAsync("presence", presence => presence.Text("status") is "offline");
        await using var ada = await _host.ConnectAsync(_ada);
        var id = await SendAsync(ada, "kept while offline", "t-1");
        Ids(await bob.AllAsync("message")).ShouldBe([id]);
    }

    [Fact]
    public async Task A_message_that_came_by_REST_is_told_to_everyone_in_both_shapes()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        var chat = _host.Services.GetRequiredService<ChatService>();
        var stored = await chat.SendAsync(
            new MessageDraft { SenderId = _ada, ThreadId = _threadId, Content = "by REST" }, sender: null, TestContext.Current.CancellationToken);
        // It comes back as a webhook.
        chat.TellStoredElsewhere(stored.Message, JsonElement.Parse("{}"));
        var elsewhere = stored.Message with { Id = stored.Message.Id + 1_000_000, Content = "elsewhere" };
        chat.TellStoredElsewhere(elsewhere, JsonElement.Parse("""{"id":"as it came"}"""));
        chat.TellStoredElsewhere(elsewhere, JsonElement.Parse("{}"));

        foreach (var client in new[] { ada, bob })
        {
            await client.WaitForAsync("thread:updated", updated => updated.GetProperty("lastMessage").GetProperty("id").ValueKind == JsonValueKind.String);
            Ids(await client.AllAsync("message")).ShouldBe([stored.Message.Id, elsewhere.Id]);
            var received = await client.AllAsync("message:received");
            received.Count.ShouldBe(2);
            received[0].Number("threadId").ShouldBe(_threadId);
            received[0].GetProperty("message").Number("sender_id").ShouldBe(_ada);
            received[0].GetProperty("message").Text("content").ShouldBe("by REST");
            received[1].GetProperty("message").Text("id").ShouldBe("as it came");
            (await client.AllAsync("thread:updated")).Count.ShouldBe(2);
        }
    }

    [Fact]
    public async Task What_was_read_by_REST_is_told_to_everyone()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        var ids = new[] { await SendAsync(ada, "1"), await SendAsync(ada, "2") };
        var chat = _host.Services.GetRequiredService<ChatService>();
        await chat.MarkReadAsync(_bob, _threadId, messageIds: null, reader: null, TestContext.Current.CancellationToken);

        var read = await ada.WaitForAsync("message:read");
        read.Number("userId").ShouldBe(_bob);
        read.Number("threadId").ShouldBe(_threadId);
        read.GetProperty("messageIds").GetRawText().ShouldBe($"[{ids[0]},{ids[1]}]");
        read.Text("readAt").ShouldEndWith("Z");
        (await bob.AllAsync("read_receipt")).Select(receipt => receipt.Number("messageId")).ShouldBe(ids);
    }

    [Fact]
    public async Task A_new_thread_is_told_to_its_people_wherever_they_are()
    {
        await using var ada = await _host.ConnectAsync(_ada);
        await using var bob = await _host.ConnectAsync(_bob);
        await using var stranger = await _host.ConnectAsync(ChatServerFixture.NewId());
        var chat = _host.Services.GetRequiredService<ChatService>();
        var created = await chat.CreateThreadAsync(_ada, "private", "Us", [_bob], TestContext.Current.CancellationToken);
        (await chat.CreateThreadAsync(_bob, "private", null, [_ada], TestContext.Current.CancellationToken)).Created.ShouldBeFalse();

        // As a site does by its webhook, of what it was asked for by this server too.
        chat.TellThreadCreatedElsewhere(created.Thread.Id, JsonElement.Parse("{}"), [_ada, _bob]);

        foreach (var client in new[] { ada, bob })
        {
            var told = await client.AllAsync("thread:created");
            told.Single().GetProperty("thread").Number("id").ShouldBe(created.Thread.Id);
            told.Single().GetProperty("thread").GetProperty("participants").GetArrayLength().ShouldBe(2);
        }

        (await stranger.AllAsync("thread:created")).ShouldBeEmpty();
    }
}
