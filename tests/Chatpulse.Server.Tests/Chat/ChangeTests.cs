using System.Text.Json;
using Shouldly;

namespace Chatpulse.Server.Tests.Chat;

/// <summary>Edits, deletions and reactions over sockets: who may, who hears of it, and in what order.</summary>
public sealed class ChangeTests(ChatServerFixture fixture) : IClassFixture<ChatServerFixture>
{
    private static readonly string[] UsualFields =
    [
        "id", "threadId", "senderId", "senderName", "content", "contentType", "attachments", "status", "createdAt", "updatedAt",
    ];

    private static readonly string[] SomeEmoji = ["👍", "🎉", "❤️"];

    private readonly TestServer _host = fixture.Host;
    private readonly long _ada = ChatServerFixture.NewId();
    private readonly long _bob = ChatServerFixture.NewId();
    private readonly long _threadId = ChatServerFixture.NewId();

    [Fact]
    public async Task An_edit_is_told_to_the_room_and_to_all_devices_of_the_author()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var elsewhere = await _host.ConnectAsync(_ada);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        var id = await SendAsync(ada, "first");

        var answer = (await ada.CallAsync("message_edit", new { threadId = _threadId, messageId = id, content = "  second " })).Ok();

        answer.GetProperty("message").Text("content").ShouldBe("second");
        DateTimeOffset.Parse(answer.GetProperty("message").Text("editedAt"), System.Globalization.CultureInfo.InvariantCulture).Offset.ShouldBe(TimeSpan.Zero);
        foreach (var client in new[] { ada, elsewhere, bob })
        {
            var update = (await client.AllAsync("message_update")).ShouldHaveSingleItem();
            update.GetRawText().ShouldBe(answer.GetProperty("message").GetRawText());
        }

        (await elsewhere.AllAsync("message")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_message_to_which_nothing_was_done_looks_as_it_always_did()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        var id = await SendAsync(ada, "plain");

        (await bob.WaitForAsync("message")).EnumerateObject().Select(field => field.Name).ShouldBe(UsualFields);

        await ada.CallAsync("reaction", new { threadId = _threadId, messageId = id, emoji = "👍" });
        await ada.CallAsync("reaction", new { threadId = _threadId, messageId = id, emoji = "👍", remove = true });
        var updates = await bob.AllAsync("message_update");
        updates[0].GetProperty("reactions").GetRawText().ShouldBe($$"""[{"emoji":"\uD83D\uDC4D","userIds":[{{_ada}}]}]""");
        updates[1].EnumerateObject().Select(field => field.Name).ShouldBe(UsualFields);
    }

    [Fact]
    public async Task A_deleted_message_is_told_without_its_content_and_history_has_none()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        var id = await SendAsync(bob, "secret");

        // Ada made the thread by being the first in it: she may.
        var deleted = (await ada.CallAsync("message_delete", new { threadId = _threadId, messageId = id })).Ok().GetProperty("message");

        deleted.Text("content").ShouldBe("");
        deleted.Text("deletedAt").ShouldNotBeNullOrEmpty();
        (await bob.AllAsync("message_update")).ShouldHaveSingleItem().GetRawText().ShouldBe(deleted.GetRawText());
        var history = (await bob.CallAsync("history", new { threadId = _threadId })).Ok().GetProperty("messages");
        history[0].GetRawText().ShouldBe(deleted.GetRawText());
    }

    [Fact]
    public async Task Reactions_of_many_add_up()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        var id = await SendAsync(ada, "hello");
        var others = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _host.JoinAsync(ChatServerFixture.NewId(), _threadId)));

        await Task.WhenAll(others.Select(async other =>
            (await other.CallAsync("reaction", new { threadId = _threadId, messageId = $"{id}", emoji = "🎉" })).Ok()));

        // Each is told with everybody before: the last one told has all.
        var counts = (await ada.AllAsync("message_update")).Select(update => update.GetProperty("reactions")[0].GetProperty("userIds").GetArrayLength());
        counts.ShouldBe(Enumerable.Range(1, others.Length));
        foreach (var other in others)
            await other.DisposeAsync();
    }

    [Fact]
    public async Task Updates_of_a_message_are_told_in_the_order_in_which_they_were_stored()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var phone = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        var id = await SendAsync(ada, "0");

        var edits = Enumerable.Range(1, 40).Select(i => (i % 2 == 0 ? ada : phone).CallAsync("message_edit", new { threadId = _threadId, messageId = id, content = $"{i}" }));
        var reading = bob.CallAsync("message_read", new { threadId = _threadId, messageIds = new[] { id } });
        var reactions = SomeEmoji.Select(emoji => bob.CallAsync("reaction", new { threadId = _threadId, messageId = id, emoji }));
        foreach (var answer in await Task.WhenAll([reading, .. edits, .. reactions]))
            answer.Ok();

        var stored = (await bob.CallAsync("history", new { threadId = _threadId })).Ok().GetProperty("messages")[0];
        foreach (var client in new[] { ada, phone, bob })
        {
            var told = (await client.AllAsync("message_update")).Where(update => update.Number("id") == id).ToList();
            told[^1].GetRawText().ShouldBe(stored.GetRawText(), "what was told last is what is stored");
            told.Count.ShouldBe(44);
            var firstRead = told.FindIndex(update => update.Text("status") is "read");
            told.Skip(firstRead).ShouldAllBe(update => update.Text("status") == "read");
            told.Select(update => update.TryGetProperty("reactions", out var had) ? had.GetArrayLength() : 0).ShouldBeInOrder();
        }
    }

    [Fact]
    public async Task Who_joins_while_messages_change_has_them_as_they_are()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        var first = await SendAsync(ada, "first");
        var ids = new List<long>();
        for (var i = 0; i < 30; i++)
            ids.Add(await SendAsync(ada, "old"));

        var editing = EditAllAsync();
        await using var bob = await _host.ConnectAsync(_bob);
        (await bob.CallAsync("join_thread", new { threadId = _threadId, lastMessageId = first })).Ok();
        await editing;

        await bob.SyncAsync();
        var seen = new Dictionary<long, string>();
        foreach (var (_, message) in bob.Received.Where(received => received.Is("message") || received.Is("message_update")))
            seen[message.Number("id")] = message.Text("content");
        seen.OrderBy(message => message.Key).ShouldBe(ids.Select(id => KeyValuePair.Create(id, "new")));

        async Task EditAllAsync()
        {
            foreach (var id in ids)
                (await ada.CallAsync("message_edit", new { threadId = _threadId, messageId = id, content = "new" })).Ok();
        }
    }

    [Theory]
    [InlineData("message_edit", "forbidden", "author")]
    [InlineData("message_delete", "forbidden", "author")]
    public async Task Of_others_messages_nothing_is_changed(string name, string code, string message)
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        var id = await SendAsync(ada, "kept");

        var answer = await bob.CallAsync(name, new { threadId = _threadId, messageId = id, content = "changed" });

        answer.GetProperty("error").Text("code").ShouldBe(code);
        answer.GetProperty("error").Text("message").ShouldContain(message);
        (await bob.AllAsync("error")).ShouldHaveSingleItem().Text("event").ShouldBe(name);
        (await ada.AllAsync("message_update")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("message_edit")]
    [InlineData("message_delete")]
    [InlineData("reaction")]
    public async Task Strangers_and_messages_that_are_not_there_are_refused(string name)
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, ChatServerFixture.NewId());
        var id = await SendAsync(ada, "kept");

        (await RefusedAsync(bob, id)).Text("code").ShouldBe("forbidden");
        (await RefusedAsync(ada, id + 100_000)).Text("code").ShouldBe("not_found");
        (await ada.AllAsync("message_update")).ShouldBeEmpty();

        async Task<JsonElement> RefusedAsync(ChatClient client, long messageId) =>
            (await client.CallAsync(name, new { threadId = _threadId, messageId, content = "x", emoji = "👍" })).GetProperty("error");
    }

    [Theory]
    [InlineData("message_edit")]
    [InlineData("reaction")]
    public async Task Nothing_is_done_to_a_deleted_message(string name)
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        var id = await SendAsync(ada, "gone");
        (await ada.CallAsync("message_delete", new { threadId = _threadId, messageId = id })).Ok();

        var answer = await ada.CallAsync(name, new { threadId = _threadId, messageId = id, content = "x", emoji = "👍" });

        answer.GetProperty("error").Text("code").ShouldBe("not_found");
        (await ada.AllAsync("message_update")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Threads_are_listed_with_last_message_and_unread_count()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        await SendAsync(ada, "one");
        var last = await SendAsync(ada, "two");
        await using var other = await _host.JoinAsync(_bob, ChatServerFixture.NewId());

        var all = (await bob.CallAsync("threads", new { })).Ok();
        var found = (await bob.CallAsync("threads", new { search = $"user {_ada}", perPage = 5 })).Ok();
        var second = (await bob.CallAsync("threads", new { page = 2, perPage = 1 })).Ok();

        all.Number("total").ShouldBe(2);
        found.Number("total").ShouldBe(1);
        second.GetProperty("threads").GetArrayLength().ShouldBe(1);
        var thread = found.GetProperty("threads")[0];
        thread.EnumerateObject().Select(field => field.Name)
            .ShouldBe(["id", "type", "title", "participants", "lastMessage", "unreadCount", "createdAt", "updatedAt"]);
        thread.Number("id").ShouldBe(_threadId);
        thread.Text("type").ShouldBe("group");
        thread.Number("unreadCount").ShouldBe(2);
        thread.GetProperty("lastMessage").Number("id").ShouldBe(last);
        thread.GetProperty("participants").EnumerateArray().Select(person => (person.Number("id"), person.Text("name")))
            .ShouldBe([(_ada, $"User {_ada}"), (_bob, $"User {_bob}")], ignoreOrder: true);
        all.GetProperty("threads").EnumerateArray().Single(t => t.Number("id") != _threadId).GetProperty("lastMessage").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    private async Task<long> SendAsync(ChatClient client, string content) =>
        (await client.CallAsync("message_send", new { threadId = _threadId, content })).Ok().GetProperty("message").Number("id");
}
