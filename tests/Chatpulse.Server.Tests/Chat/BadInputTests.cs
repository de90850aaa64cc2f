using System.Text.Json;
using Shouldly;

namespace Chatpulse.Server.Tests.Chat;

/// <summary>
/// What no client should send. Each gets an <c>error</c> that names the event and what is wrong, the same by its ack with a code, and the connection
/// goes on.
/// </summary>
public sealed class BadInputTests(ChatServerFixture fixture) : IClassFixture<ChatServerFixture>
{
    private static readonly string[] ThreadEvents = ["join_thread", "leave_thread", "message_send", "typing", "message_read", "history", "message_edit", "message_delete", "reaction"];
    private static readonly string[] MessageEvents = ["message_edit", "message_delete", "reaction"];
    private static readonly string[] AllEvents = [.. ThreadEvents, "presence:update", "presence:request", "auth_refresh"];

    private static readonly long[] OneId = [1];

    private readonly TestServer _host = fixture.Host;
    private readonly long _userId = ChatServerFixture.NewId();
    private readonly long _threadId = ChatServerFixture.NewId();

    /// <summary>Event and arguments, where THREAD stands for a thread that was joined; the code, and a part of the message.</summary>
    public static TheoryData<string, string, string, string> Payloads()
    {
        var data = new TheoryData<string, string, string, string>();
        foreach (var name in AllEvents)
        {
            data.Add(name, "", "invalid", "missing");
            data.Add(name, "null", "invalid", "object");
            data.Add(name, "5", "invalid", "object");
            data.Add(name, "\"text\"", "invalid", "object");
            data.Add(name, "true", "invalid", "object");
            data.Add(name, "[]", "invalid", "object");
            data.Add(name, "{}", "invalid", "is missing");
            data.Add(name, "{\"unheard\":\"of\"}", "invalid", "is missing");
        }

        string[] ids =
        [
            "0", "-1", "-0", "1.5", "1e3", "1e400", "9007199254740992", "99999999999999999999", "\"\"", "\"0\"", "\"-1\"", "\"+1\"", "\"1.5\"", "\" 1\"", "\"1 \"", "\"0x1\"",
            "\"9007199254740992\"", "\"../threads\"", "\"1/../2\"", "\"1\\u0000\"", "\"١\"", "true", "{}", "[]", "[1]",
        ];
        foreach (var name in ThreadEvents)
        {
            foreach (var id in ids)
                data.Add(name, $$"""{"threadId":{{id}},"content":"x","isTyping":true,"messageIds":[1]}""", "invalid", "threadId");
        }

        foreach (var id in ids)
        {
            data.Add("message_read", $$"""{"threadId":THREAD,"messageIds":[1,{{id}}]}""", "invalid", "messageIds[1]");
            data.Add("presence:request", $$"""{"user_ids":[{{id}}]}""", "invalid", "user_ids[0]");
            data.Add("history", $$"""{"threadId":THREAD,"before":{{id}}}""", "invalid", "before");
            data.Add("join_thread", $$"""{"threadId":THREAD,"lastMessageId":{{id}}}""", "invalid", "lastMessageId");
        }

        foreach (var id in ids)
        {
            foreach (var name in MessageEvents)
                data.Add(name, $$"""{"threadId":THREAD,"messageId":{{id}},"content":"x","emoji":"👍"}""", "invalid", "messageId");
        }

        foreach (var wrong in new[] { "5", "true", "{}", "[\"x\"]" })
        {
            data.Add("message_edit", $$"""{"threadId":THREAD,"messageId":1,"content":{{wrong}}}""", "invalid", "content must be a string");
            data.Add("reaction", $$"""{"threadId":THREAD,"messageId":1,"emoji":{{wrong}}}""", "invalid", "emoji must be a string");
            data.Add("threads", $$"""{"search":{{wrong}}}""", "invalid", "search must be a string");
            data.Add("message_send", $$"""{"threadId":THREAD,"content":{{wrong}}}""", "invalid", "content must be a string");
            data.Add("message_send", $$"""{"threadId":THREAD,"content":"x","tempId":{{wrong}}}""", "invalid", "tempId must be a string");
            data.Add("message_send", $$"""{"threadId":THREAD,"content":"x","contentType":{{wrong}}}""", "invalid", "contentType must be a string");
            data.Add("presence:update", $$"""{"status":{{wrong}}}""", "invalid", "status must be a string");
            data.Add("auth_refresh", $$"""{"token":{{wrong}}}""", "invalid", "token must be a string");
        }

        foreach (var wrong in new[] { "5", "\"true\"", "{}" })
        {
            data.Add("reaction", $$"""{"threadId":THREAD,"messageId":1,"emoji":"👍","remove":{{wrong}}}""", "invalid", "remove must be true or false");
            data.Add("typing", $$"""{"threadId":THREAD,"isTyping":{{wrong}}}""", "invalid", "isTyping must be true or false");
            data.Add("message_read", $$"""{"threadId":THREAD,"messageIds":{{wrong}}}""", "invalid", "messageIds must be an array");
            data.Add("message_send", $$"""{"threadId":THREAD,"content":"x","attachments":{{wrong}}}""", "invalid", "attachments must be an array");
            data.Add("presence:request", $$"""{"user_ids":{{wrong}}}""", "invalid", "user_ids must be an array");
        }

        foreach (var limit in new[] { "0", "-1", "101", "1.5", "\"50\"", "1e9" })
            data.Add("history", $$"""{"threadId":THREAD,"limit":{{limit}}}""", "invalid", "limit must be a whole number from 1 to 100");

        foreach (var number in new[] { "0", "-1", "1.5", "\"1\"", "1e9" })
        {
            data.Add("threads", $$"""{"page":{{number}}}""", "invalid", "page must be a whole number");
            data.Add("threads", $$"""{"perPage":{{number}}}""", "invalid", "perPage must be a whole number from 1 to 100");
        }

        data.Add("threads", "", "invalid", "missing");
        data.Add("threads", "[]", "invalid", "object");
        data.Add("threads", $$"""{"search":"{{new string('s', 201)}}"}""", "invalid", "search");
        data.Add("threads", """{"search":"a\u0000"}""", "invalid", "search");
        foreach (var name in MessageEvents)
        {
            data.Add(name, """{"threadId":THREAD,"content":"x","emoji":"👍"}""", "invalid", "messageId is missing");
            data.Add(name, """{"threadId":THREAD,"messageId":987654321,"content":"x","emoji":"👍"}""", "not_found", "987654321");
        }

        data.Add("message_edit", """{"threadId":THREAD,"messageId":1}""", "invalid", "content is missing");
        data.Add("message_edit", """{"threadId":THREAD,"messageId":1,"content":" \t "}""", "invalid", "content");
        data.Add("message_edit", """{"threadId":THREAD,"messageId":1,"content":"a\u0000b"}""", "invalid", "content");
        data.Add("message_edit", $$"""{"threadId":THREAD,"messageId":1,"content":"{{new string('x', 10_001)}}"}""", "too_large", "content");
        data.Add("reaction", """{"threadId":THREAD,"messageId":1}""", "invalid", "emoji is missing");
        foreach (var emoji in new[] { "", " ", "a", "1", "👍👍", "<b>", ":+1:", "\\u0000", new string('x', 100_000) })
            data.Add("reaction", $$"""{"threadId":THREAD,"messageId":1,"emoji":"{{emoji}}"}""", "invalid", "emoji");

        data.Add("message_send", """{"threadId":THREAD,"content":""}""", "invalid", "content");
        data.Add("message_send", """{"threadId":THREAD,"content":" \t\r\n\u00a0\u3000 "}""", "invalid", "content");
        data.Add("message_send", $$"""{"threadId":THREAD,"content":"{{new string('x', 10_001)}}"}""", "too_large", "content");
        data.Add("message_send", $$"""{"threadId":THREAD,"content":"{{new string('x', 500_000)}}"}""", "too_large", "content");
        data.Add("message_send", """{"threadId":THREAD,"content":"a\u0000b"}""", "invalid", "content");
        data.Add("message_send", """{"threadId":THREAD,"content":"a\ud800b"}""", "invalid", "not valid Unicode");
        data.Add("message_send", """{"threadId":THREAD,"content":"a\udc00"}""", "invalid", "not valid Unicode");
        data.Add("message_send", """{"threadId":THREAD,"content":"\udc00\ud800"}""", "invalid", "not valid Unicode");
        data.Add("message_send", """{"threadId":THREAD,"content":"x","tempId":""}""", "invalid", "tempId");
        data.Add("message_send", $$"""{"threadId":THREAD,"content":"x","tempId":"{{new string('t', 256)}}"}""", "invalid", "tempId");
        data.Add("message_send", """{"threadId":THREAD,"content":"x","tempId":"\ud800"}""", "invalid", "not valid Unicode");
        data.Add("message_send", """{"threadId":THREAD,"content":"x","tempId":"\u0000"}""", "invalid", "tempId");
        data.Add("message_send", """{"threadId":THREAD,"content":"x","contentType":"text/html"}""", "invalid", "contentType must be one of");
        data.Add("message_send", """{"threadId":THREAD,"content":"x","contentType":""}""", "invalid", "contentType must be one of");
        data.Add("message_send", """{"threadId":THREAD,"content":"x","attachments":[1,2,3,4,5,6,7,8,9,10,11]}""", "too_large", "attachments");
        data.Add("message_send", """{"threadId":THREAD,"content":"x","attachments":["../secret"]}""", "invalid", "attachments[0]");
        data.Add("message_send", """{"threadId":THREAD,"content":"x","attachments":[987654321]}""", "invalid", "attachments");
        data.Add("message_read", """{"threadId":THREAD,"messageIds":[]}""", "invalid", "messageIds");
        data.Add("message_read", """{"threadId":THREAD,"messageIds":[987654321]}""", "not_found", "");
        data.Add("message_read", $$"""{"threadId":THREAD,"messageIds":[{{string.Join(',', Enumerable.Range(1, 10_000))}}]}""", "too_large", "messageIds");
        data.Add("presence:request", $$"""{"user_ids":[{{string.Join(',', Enumerable.Range(1, 10_000))}}]}""", "too_large", "user_ids");
        data.Add("presence:update", """{"status":"busy"}""", "invalid", "status must be online, away or offline");
        data.Add("auth_refresh", """{"token":"a.b.c"}""", "invalid", "does not use tokens");
        data.Add("nobody_registered_this", """{"threadId":THREAD}""", "not_found", "no such event");
        data.Add("toString", "", "not_found", "no such event");
        data.Add("__proto__", "{}", "not_found", "no such event");
        return data;
    }

    [Fact]
    public async Task Every_wrong_payload_gets_an_error_that_names_what_is_wrong()
    {
        await using var client = await _host.JoinAsync(_userId, _threadId);
        var wrong = new List<string>();
        foreach (var (name, payload, code, message) in Payloads().Select(row => row.Data))
        {
            await client.ForgetAsync();
            var answer = await client.CallRawAsync(name, payload.Replace("THREAD", $"{_threadId}", StringComparison.Ordinal));
            var error = (await client.AllAsync("error")).SingleOrDefault();
            if (answer.GetProperty("ok").GetBoolean()
                || !string.Equals(answer.GetProperty("error").Text("code"), code, StringComparison.Ordinal)
                || !answer.GetProperty("error").Text("message").Contains(message, StringComparison.Ordinal)
                || error.ValueKind != JsonValueKind.Object
                || !string.Equals(error.Text("event"), name, StringComparison.Ordinal)
                || !string.Equals(error.Text("message"), answer.GetProperty("error").Text("message"), StringComparison.Ordinal))
                wrong.Add($"{name} {payload[..Math.Min(payload.Length, 100)]} wanted {code} \"{message}\", ack {answer.GetRawText()}, error {error}");
        }

        wrong.ShouldBeEmpty();
    }

    [Fact]
    public async Task Fields_and_arguments_that_nobody_asked_for_are_passed_over()
    {
        await using var client = await _host.JoinAsync(_userId, _threadId);
        (await client.CallRawAsync("typing", $$"""{"threadId":{{_threadId}},"isTyping":true,"userId":1,"extra":[{"a":1}]},"more",{"b":2}""")).Ok();
        (await client.CallRawAsync("message_send", $$"""{"threadId":{{_threadId}},"content":"x","tempId":null,"contentType":null,"attachments":null,"senderId":1,"id":1}"""))
            .Ok().GetProperty("message").Number("senderId").ShouldBe(_userId);
    }

    [Theory]
    [InlineData("leave_thread")]
    [InlineData("typing")]
    [InlineData("message_send")]
    [InlineData("message_read")]
    [InlineData("message_edit")]
    [InlineData("message_delete")]
    [InlineData("reaction")]
    public async Task An_event_before_join_thread_is_refused(string name)
    {
        await using var other = await _host.JoinAsync(ChatServerFixture.NewId(), _threadId);
        await using var client = await _host.ConnectAsync(_userId);
        var answer = await client.CallAsync(name, new { threadId = _threadId, isTyping = true, content = "x", messageIds = OneId, messageId = 1, emoji = "👍" });
        answer.GetProperty("error").Text("code").ShouldBe("forbidden");
        answer.GetProperty("error").Text("message").ShouldBe("Join the thread first.");
        (await client.WaitForAsync("error")).Text("event").ShouldBe(name);
        await other.SyncAsync();
        other.Received.Select(received => received.Name).ShouldBe(["thread_joined", "presence:bulk"]);
    }

    [Theory]
    [InlineData("history")]
    [InlineData("threads")]
    public async Task An_answer_that_only_an_ack_can_carry_is_refused_without_one(string name)
    {
        await using var client = await _host.JoinAsync(_userId, _threadId);
        await client.EmitAsync(name, new { threadId = _threadId });
        (await client.WaitForAsync("error")).Text("message").ShouldContain("callback");
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("{}", null)]
    [InlineData("""{"userId":null}""", null)]
    [InlineData("""{"user":1}""", "user=1")]
    [InlineData(null, "userId=")]
    public async Task Nobody_named_is_refused_with_the_promised_message(string? auth, string? query)
    {
        var refused = await Should.ThrowAsync<ConnectErrorException>(() => ChatClient.ConnectAsync(_host.Address, auth, query));
        refused.Message.ShouldBe("Authentication required");
        refused.ErrorData.Text("code").ShouldBe("unauthenticated");
    }

    [Theory]
    [InlineData("""{"userId":0}""", null)]
    [InlineData("""{"userId":-1}""", null)]
    [InlineData("""{"userId":1.5}""", null)]
    [InlineData("""{"userId":9007199254740992}""", null)]
    [InlineData("""{"userId":"ada"}""", null)]
    [InlineData("""{"userId":{}}""", null)]
    [InlineData("""{"userId":true}""", null)]
    [InlineData(null, "userId=0")]
    [InlineData(null, "userId=../1")]
    [InlineData(null, "userId=1&userId=2")]
    public async Task A_wrong_user_id_is_refused_and_named(string? auth, string? query)
    {
        var refused = await Should.ThrowAsync<ConnectErrorException>(() => ChatClient.ConnectAsync(_host.Address, auth, query));
        refused.Message.ShouldStartWith("Authentication required");
        refused.Message.ShouldContain("userId");
        refused.ErrorData.Text("code").ShouldBe("unauthenticated");
    }
}
