using System.Text.Json;
using System.Text.RegularExpressions;
using Shouldly;

namespace Chatpulse.Server.Tests.Chat;

/// <summary>Every row of the contract's tables of events, and what the plugin's front end speaks beside it.</summary>
public sealed partial class ContractTests(ChatServerFixture fixture) : IClassFixture<ChatServerFixture>
{
    private readonly TestServer _host = fixture.Host;
    private readonly long _ada = ChatServerFixture.NewId();
    private readonly long _bob = ChatServerFixture.NewId();
    private readonly long _threadId = ChatServerFixture.NewId();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", RegexOptions.None, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex IsoTime { get; }

    private static readonly string[] MessageNames =
        ["id", "threadId", "senderId", "senderName", "content", "contentType", "attachments", "status", "createdAt", "updatedAt"];

    private static IEnumerable<string> Names(JsonElement payload) => payload.EnumerateObject().Select(property => property.Name);

    [Fact]
    public async Task Joining_answers_the_one_and_tells_the_others()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.ConnectAsync(_bob);
        await bob.EmitAsync("join_thread", new { threadId = _threadId });

        (await bob.WaitForAsync("thread_joined")).GetRawText().ShouldBe($$"""{"threadId":{{_threadId}}}""");
        (await ada.WaitForAsync("presence")).GetRawText().ShouldBe($$"""{"threadId":{{_threadId}},"userId":{{_bob}},"status":"online"}""");
        (await bob.AllAsync("presence")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Leaving_ends_typing_answers_the_one_and_tells_the_others()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        await ada.ForgetAsync();
        await bob.EmitAsync("typing", new { threadId = _threadId, isTyping = true });
        await bob.EmitAsync("leave_thread", new { threadId = _threadId });

        (await bob.WaitForAsync("thread_left")).GetRawText().ShouldBe($$"""{"threadId":{{_threadId}}}""");
        await ada.WaitForAsync("presence");
        ada.Received.Select(received => received.ToString()).ShouldBe([
            $$"""typing {"threadId":{{_threadId}},"userId":{{_bob}},"isTyping":true}""",
            $$"""typing {"threadId":{{_threadId}},"userId":{{_bob}},"isTyping":false}""",
            $$"""presence {"threadId":{{_threadId}},"userId":{{_bob}},"status":"offline"}"""], ignoreOrder: false);

        (await ada.CallAsync("message_send", new { threadId = _threadId, content = "to nobody" })).Ok();
        (await bob.AllAsync("message")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_message_reaches_everyone_else_and_its_sender_learns_its_id()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        await ada.EmitAsync("message_send", new { threadId = _threadId, tempId = "t-1", content = "  Hello, Bob  ", contentType = "text/plain" });

        var mapping = await ada.WaitForAsync("message_id_mapping");
        var message = await bob.WaitForAsync("message");
        Names(mapping).ShouldBe(["tempId", "realId"]);
        mapping.Text("tempId").ShouldBe("t-1");
        Names(message).ShouldBe(MessageNames);
        message.Number("id").ShouldBe(mapping.Number("realId"));
        message.Number("threadId").ShouldBe(_threadId);
        message.Number("senderId").ShouldBe(_ada);
        message.Text("senderName").ShouldNotBeEmpty();
        message.Text("content").ShouldBe("Hello, Bob");
        message.Text("contentType").ShouldBe("text/plain");
        message.GetProperty("attachments").GetArrayLength().ShouldBe(0);
        message.Text("status").ShouldBe("sent");
        IsoTime.IsMatch(message.Text("createdAt")).ShouldBeTrue(message.Text("createdAt"));
        IsoTime.IsMatch(message.Text("updatedAt")).ShouldBeTrue(message.Text("updatedAt"));
        (await ada.AllAsync("message")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_tempId_there_is_no_mapping()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        (await ada.CallAsync("message_send", new { threadId = _threadId, content = "x" })).Ok();
        (await ada.AllAsync("message_id_mapping")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("text/markdown")]
    [InlineData("reaction")]
    [InlineData("system")]
    public async Task Every_content_type_is_carried(string contentType)
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        await ada.EmitAsync("message_send", new { threadId = _threadId, content = "👍", contentType });
        (await bob.WaitForAsync("message")).Text("contentType").ShouldBe(contentType);
    }

    [Fact]
    public async Task Content_may_be_ten_thousand_characters_of_any_kind()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        var content = string.Concat(Enumerable.Repeat("😀", 5_000)) + new string('\u2028', 4_999) + "<";
        (await ada.CallAsync("message_send", new { threadId = _threadId, content })).Ok();
        (await bob.WaitForAsync("message")).Text("content").ShouldBe(content);
    }

    [Fact]
    public async Task Sending_ends_the_senders_typing()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        await bob.EmitAsync("typing", new { threadId = _threadId, isTyping = true });
        (await bob.CallAsync("message_send", new { threadId = _threadId, content = "x" })).Ok();
        (await ada.AllAsync("typing")).Select(typing => typing.GetProperty("isTyping").GetBoolean()).ShouldBe([true, false]);
    }

    [Fact]
    public async Task Typing_is_told_to_the_others_and_never_to_the_one_who_types()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        await using var bobsPhone = await _host.JoinAsync(_bob, _threadId);
        (await bob.CallAsync("typing", new { threadId = _threadId, isTyping = true })).Ok();
        (await bob.CallAsync("typing", new { threadId = _threadId, isTyping = true })).Ok();
        (await bob.CallAsync("typing", new { threadId = _threadId, isTyping = false })).Ok();
        (await bob.CallAsync("typing", new { threadId = _threadId, isTyping = false })).Ok();

        (await ada.AllAsync("typing")).Select(typing => typing.GetRawText()).ShouldBe([
            $$"""{"threadId":{{_threadId}},"userId":{{_bob}},"isTyping":true}""",
            $$"""{"threadId":{{_threadId}},"userId":{{_bob}},"isTyping":true}""",
            $$"""{"threadId":{{_threadId}},"userId":{{_bob}},"isTyping":false}"""]);
        (await bob.AllAsync("typing")).ShouldBeEmpty();
        (await bobsPhone.AllAsync("typing")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Reading_is_told_to_the_others_once_for_each_message()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        var first = (await ada.CallAsync("message_send", new { threadId = _threadId, content = "1" })).Ok().GetProperty("message").Number("id");
        var second = (await ada.CallAsync("message_send", new { threadId = _threadId, content = "2" })).Ok().GetProperty("message").Number("id");

        var answer = (await bob.CallAsync("message_read", new { threadId = _threadId, messageIds = new[] { first, second, first } })).Ok();
        answer.GetProperty("messageIds").GetRawText().ShouldBe($"[{first},{second}]");
        (await bob.CallAsync("message_read", new { threadId = _threadId, messageIds = new[] { first } })).Ok()
            .GetProperty("messageIds").GetArrayLength().ShouldBe(0);

        var receipts = await ada.AllAsync("read_receipt");
        receipts.Select(receipt => receipt.Number("messageId")).ShouldBe([first, second]);
        foreach (var receipt in receipts)
        {
            Names(receipt).ShouldBe(["messageId", "userId", "readAt"]);
            receipt.Number("userId").ShouldBe(_bob);
            IsoTime.IsMatch(receipt.Text("readAt")).ShouldBeTrue(receipt.Text("readAt"));
        }

        (await bob.AllAsync("read_receipt")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_message_that_everybody_has_read_is_told_as_updated_to_the_room_and_to_its_sender()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        await using var cem = await _host.JoinAsync(ChatServerFixture.NewId(), _threadId);
        var id = (await ada.CallAsync("message_send", new { threadId = _threadId, content = "1" })).Ok().GetProperty("message").Number("id");
        (await ada.CallAsync("leave_thread", new { threadId = _threadId })).Ok();

        (await bob.CallAsync("message_read", new { threadId = _threadId, messageIds = new[] { id } })).Ok();
        (await bob.AllAsync("message_update")).ShouldBeEmpty();
        (await cem.CallAsync("message_read", new { threadId = _threadId, messageIds = new[] { id } })).Ok();

        foreach (var client in new[] { ada, bob, cem })
        {
            var update = (await client.AllAsync("message_update")).ShouldHaveSingleItem();
            Names(update).ShouldBe(MessageNames);
            (update.Number("id"), update.Text("content"), update.Text("status")).ShouldBe((id, "1", "read"));
        }
    }

    [Fact]
    public async Task What_cannot_be_done_is_told_with_event_message_and_tempId()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await ada.EmitAsync("message_send", new { threadId = _threadId, tempId = "t-9", content = " " });
        var error = await ada.WaitForAsync("error");
        Names(error).ShouldBe(["event", "message", "tempId"]);
        error.Text("event").ShouldBe("message_send");
        error.Text("tempId").ShouldBe("t-9");
        error.Text("message").ShouldContain("content");
    }

    [Fact]
    public async Task A_number_as_a_decimal_string_is_the_same_id()
    {
        await using var ada = await ChatClient.ConnectAsync(_host.Address, $$"""{"userId":"{{_ada}}"}""");
        await using var bob = await ChatClient.ConnectAsync(_host.Address, auth: null, query: $"userId={_bob}");
        (await ada.CallAsync("join_thread", new { threadId = $"{_threadId}" })).Ok().Number("threadId").ShouldBe(_threadId);
        (await bob.CallAsync("join_thread", new { threadId = _threadId })).Ok();
        var id = (await ada.CallAsync("message_send", new { threadId = $"{_threadId}", content = "x" })).Ok().GetProperty("message").Number("id");
        (await bob.CallAsync("message_read", new { threadId = $"{_threadId}", messageIds = new[] { $"{id}" } })).Ok()
            .GetProperty("messageIds").GetRawText().ShouldBe($"[{id}]");
    }

    [Fact]
    public async Task Presence_of_a_user_goes_to_those_who_share_a_thread_and_to_nobody_else()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var stranger = await _host.JoinAsync(ChatServerFixture.NewId(), ChatServerFixture.NewId());
        await (await _host.JoinAsync(_bob, _threadId)).DisposeAsync();
        await ada.WaitForAsync("user:disconnect");
        await ada.ForgetAsync();

        await using (var bob = await _host.ConnectAsync(_bob))
        {
            // Of the connection before, the end may be told a second time: its beginning was waiting to be told when it ended.
            var online = await ada.WaitForAsync("presence:status", status => status.Text("status") is "online");
            Names(online).ShouldBe(["user_id", "status", "last_seen"]);
            online.Number("user_id").ShouldBe(_bob);
            IsoTime.IsMatch(online.Text("last_seen")).ShouldBeTrue(online.Text("last_seen"));

            // Only the status counts: the user is the connection's own.
            await bob.EmitAsync("presence:update", new { user_id = _ada, status = "away", last_seen = "whenever" });
            (await ada.WaitForAsync("presence:status", status => status.Text("status") is "away")).Number("user_id").ShouldBe(_bob);
        }

        (await ada.WaitForAsync("presence:status", status => status.Text("status") is "offline")).Number("user_id").ShouldBe(_bob);
        (await ada.WaitForAsync("user:disconnect")).GetRawText().ShouldBe($$"""{"user_id":{{_bob}}}""");
        (await stranger.AllAsync("presence:status")).ShouldBeEmpty();
        (await stranger.AllAsync("user:disconnect")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_user_stays_online_while_any_connection_is()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var phone = await _host.JoinAsync(_bob, _threadId);
        await ada.WaitForAsync("presence");
        await ada.ForgetAsync();

        var laptop = await _host.JoinAsync(_bob, _threadId);
        await laptop.DisposeAsync();
        (await phone.CallAsync("leave_thread", new { threadId = _threadId })).Ok();

        // The laptop's end was told to nobody: what comes first is the phone's leaving, or the laptop's where it went last.
        await ada.WaitForAsync("presence");
        (await ada.AllAsync("presence")).Select(presence => presence.Text("status")).ShouldBe(["offline"]);
        (await ada.AllAsync("user:disconnect")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Presence_that_is_asked_for_is_of_known_users_who_share_a_thread()
    {
        await using var ada = await _host.JoinAsync(_ada, _threadId);
        await using var bob = await _host.JoinAsync(_bob, _threadId);
        var stranger = ChatServerFixture.NewId();
        await using var strangers = await _host.ConnectAsync(stranger);

        var answer = (await ada.CallAsync("presence:request", new { user_ids = new object[] { _bob, $"{_ada}", stranger, 999_999_999 } })).Ok();
        var bulk = await ada.WaitForAsync("presence:bulk");
        bulk.EnumerateArray().Select(user => user.Number("user_id")).ShouldBe([_bob, _ada]);
        bulk.EnumerateArray().ShouldAllBe(user => user.Text("status") == "online");
        answer.GetProperty("users").GetRawText().ShouldBe(bulk.GetRawText());
    }
}
