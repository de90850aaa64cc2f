using System.Text.Json;
using SocketIOClient;

namespace Conformance;

/// <summary>A conversation between two .NET clients on the chat server, over each transport.</summary>
public sealed class DotNetClientChatTests(ChatServerProcess server) : IClassFixture<ChatServerProcess>
{
    private static int s_lastId = 1000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<ClientTransport> Transports => [ClientTransport.WebSocket, ClientTransport.Polling, ClientTransport.Upgrade];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Two_users_talk(ClientTransport how)
    {
        var threadId = NewId();
        var (annaId, benId) = (NewId(), NewId());
        await using var anna = await DotNetClient.ConnectAsync(server.Address, how, new { userId = annaId }, Token);
        await using var ben = await DotNetClient.ConnectAsync(server.Address, how, new { userId = benId }, Token);

        Ok(await anna.AskAsync("join_thread", new { threadId })).ShouldBeTrue();
        Payload(await anna.NextAsync("thread_joined")).GetProperty("threadId").GetInt64().ShouldBe(threadId);
        Ok(await ben.AskAsync("join_thread", new { threadId })).ShouldBeTrue();
        var presence = Payload(await anna.NextAsync("presence"));
        (presence.GetProperty("userId").GetInt64(), presence.GetProperty("status").GetString()).ShouldBe((benId, "online"));

        Ok(await ben.AskAsync("typing", new { threadId, isTyping = true })).ShouldBeTrue();
        Payload(await anna.NextAsync("typing")).GetProperty("isTyping").GetBoolean().ShouldBeTrue();

        var sent = await ben.AskAsync("message_send", new { threadId, tempId = "temp-1", content = "Hello é😀" });
        Ok(sent).ShouldBeTrue();
        var stored = Payload(sent).GetProperty("message");
        var message = Payload(await anna.NextAsync("message"));
        message.GetRawText().ShouldBe(stored.GetRawText());
        message.GetProperty("content").GetString().ShouldBe("Hello é😀");
        message.GetProperty("senderId").GetInt64().ShouldBe(benId);
        var messageId = message.GetProperty("id").GetInt64();
        Payload(await ben.NextAsync("message_id_mapping")).GetProperty("realId").GetInt64().ShouldBe(messageId);
        Payload(await anna.NextAsync("typing")).GetProperty("isTyping").GetBoolean().ShouldBeFalse();

        Ok(await anna.AskAsync("message_read", new { threadId, messageIds = new[] { messageId } })).ShouldBeTrue();
        Payload(await ben.NextAsync("read_receipt")).GetProperty("messageId").GetInt64().ShouldBe(messageId);
        ben.Has("message").ShouldBeFalse("the sender has the mapping, not the message");

        var history = Payload(await anna.AskAsync("history", new { threadId }));
        history.GetProperty("messages").EnumerateArray().Single().GetProperty("id").GetInt64().ShouldBe(messageId);

        Ok(await ben.AskAsync("leave_thread", new { threadId })).ShouldBeTrue();
        Payload(await anna.NextAsync("presence")).GetProperty("status").GetString().ShouldBe("offline");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task What_is_refused_is_told_and_acknowledged(ClientTransport how)
    {
        await using var anna = await DotNetClient.ConnectAsync(server.Address, how, new { userId = NewId() }, Token);
        var threadId = NewId();
        Ok(await anna.AskAsync("join_thread", new { threadId })).ShouldBeTrue();

        var answer = await anna.AskAsync("message_send", new { threadId, tempId = "temp-1", content = "  " });

        Ok(answer).ShouldBeFalse();
        Payload(answer).GetProperty("error").GetProperty("code").GetString().ShouldBe("invalid");
        var error = Payload(await anna.NextAsync("error"));
        error.GetProperty("event").GetString().ShouldBe("message_send");
        error.GetProperty("tempId").GetString().ShouldBe("temp-1");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Nobody_connects_without_a_user(ClientTransport how)
    {
        var (client, refusal) = await DotNetClient.TryConnectAsync(server.Address, how, auth: null, Token);
        await using var _ = client;

        refusal.ShouldBe("Authentication required");
    }

    private static long NewId() => Interlocked.Increment(ref s_lastId);

    private static JsonElement Payload(SocketIOResponse response) => response.GetValue<JsonElement>(0);

    private static bool Ok(SocketIOResponse answer) => Payload(answer).GetProperty("ok").GetBoolean();
}
