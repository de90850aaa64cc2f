using System.Globalization;
using System.Text.Json;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Presence;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Tests.Identity;
using Chatpulse.Server.Tests.Webhooks;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;

namespace Chatpulse.Server.Tests.Chat;

/// <summary>Rights that are taken away while connections live, in production and with tokens: what the site says by webhook holds at once.</summary>
public sealed class LiveAccessTests : IAsyncLifetime
{
    private const long Ada = 1;
    private const long Bob = 2;
    private const long Carol = 3;

    private static readonly long[] OneId = [1];
    private static readonly HashSet<string> OfTheThread = new(StringComparer.Ordinal) { "message", "message_update", "typing", "read_receipt", "presence" };

    private TestServer _host = null!;
    private long _thread;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await TestServer.StartAsync(settings => settings with
        {
            IsDevelopment = false,
            AuthMode = AuthMode.Token,
            AuthSecret = TestToken.Secret,
            WebhookSecret = SignedWebhooks.Secret,
        });
        foreach (var user in new[] { Ada, Bob, Carol })
            await _host.Store.EnsureUserAsync(user, displayName: null, Cancel);
        _thread = (await _host.Store.CreateThreadAsync(Ada, "group", "t", [Bob], Cancel)).Thread.Id;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static string Token(long userId, string session, int issued = -60) => TestToken.Sign(string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"sub":"{{userId}}","iat":{{DateTimeOffset.UtcNow.AddSeconds(issued).ToUnixTimeSeconds()}},"exp":{{DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds()}},"sid":"{{session}}"}"""));

    private Task<ChatClient> ConnectAsync(long userId, string session = "s") => ConnectAsync(Token(userId, session));

    private Task<ChatClient> ConnectAsync(string token) => ChatClient.ConnectAsync(_host.Address, $$"""{"token":"{{token}}"}""");

    private async Task<ChatClient> JoinAsync(long userId)
    {
        var client = await ConnectAsync(userId);
        (await client.CallAsync("join_thread", new { threadId = _thread })).Ok();
        return client;
    }

    private async Task RemoveAsync(long userId)
    {
        await _host.Store.RemoveParticipantAsync(Ada, _thread, userId, Cancel);
        await _host.WebhookAsync("participants-changed", $$"""
            "threadId":{{_thread}},"added":[],"removed":[{{userId}}],"participantIds":[{{Ada}}],"event":"participants_changed"
            """, DateTimeOffset.UtcNow);
    }

    public static TheoryData<string> EventsInAThread() => 
        ["join_thread", "leave_thread", "message_send", "message_edit", "message_delete", "reaction", "typing", "message_read", "history"];

    private async Task<string> CodeAsync(ChatClient client, string name, long messageId = 1)
    {
        var payload = new { threadId = _thread, messageId, content = "x", emoji = "👍", isTyping = true, messageIds = new[] { messageId } };
        var answer = await client.CallAsync(name, payload);
        return answer.GetProperty("ok").GetBoolean() ? "ok" : answer.GetProperty("error").Text("code");
    }

    [Theory]
    [MemberData(nameof(EventsInAThread))]
    public async Task Who_is_not_in_the_thread_is_refused_on_every_event(string name)
    {
        await using var watcher = await JoinAsync(Ada);
        await using var stranger = await ConnectAsync(Carol);
        await watcher.ForgetAsync();
        (await CodeAsync(stranger, name)).ShouldBe("forbidden");
        (await stranger.WaitForAsync("error")).Text("event").ShouldBe(name);
        await watcher.SyncAsync();
        watcher.Received.ShouldNotContain(received => OfTheThread.Contains(received.Name));
    }

    [Theory]
    [MemberData(nameof(EventsInAThread))]
    public async Task Who_was_taken_out_is_refused_on_every_event(string name)
    {
        await using var ada = await JoinAsync(Ada);
        await using var bob = await JoinAsync(Bob);
        var messageId = (await ada.CallAsync("message_send", new { threadId = _thread, content = "x" })).Ok().GetProperty("message").Number("id");
        (await CodeAsync(bob, "message_read", messageId)).ShouldBe("ok");
        if (name is "message_edit" or "message_delete")
            messageId = (await bob.CallAsync("message_send", new { threadId = _thread, content = "his own" })).Ok().GetProperty("message").Number("id");

        await RemoveAsync(Bob);
        await bob.WaitForAsync("thread_left");
        await ada.ForgetAsync();
        (await CodeAsync(bob, name, messageId)).ShouldBe("forbidden");
        await ada.SyncAsync();
        ada.Received.ShouldNotContain(received => OfTheThread.Contains(received.Name));
    }

    [Fact]
    public async Task Every_connection_of_who_is_taken_out_leaves_the_room_and_hears_nothing_more()
    {
        await using var ada = await JoinAsync(Ada);
        await using var phone = await JoinAsync(Bob);
        await using var laptop = await JoinAsync(Bob);
        (await phone.CallAsync("typing", new { threadId = _thread, isTyping = true })).Ok();
        await ada.WaitForAsync("typing");

        await RemoveAsync(Bob);
        await ada.WaitForAsync("typing", typing => !typing.GetProperty("isTyping").GetBoolean());
        (await ada.WaitForAsync("presence", told => told.Text("status") is "offline")).Number("userId").ShouldBe(Bob);
        (await ada.CallAsync("message_send", new { threadId = _thread, content = "among us" })).Ok();
        foreach (var client in new[] { phone, laptop })
        {
            (await client.WaitForAsync("thread_left")).Number("threadId").ShouldBe(_thread);
            (await client.AllAsync("message")).ShouldBeEmpty();
            client.Received.SkipWhile(received => !received.Is("thread_left")).Skip(1)
                .ShouldAllBe(received => received.Is("presence:bulk") || received.Is("presence:status"));
        }

        _host.Services.GetRequiredService<ThreadPresence>().Users(_thread, 10).ShouldBe([Ada]);
    }

    [Fact]
    public async Task While_messages_fly_nothing_comes_after_thread_left()
    {
        await using var ada = await JoinAsync(Ada);
        await using var bob = await JoinAsync(Bob);
        var sending = Task.WhenAll(Enumerable.Range(0, 200).Select(i => ada.CallAsync("message_send", new { threadId = _thread, content = $"{i}" })));
        await bob.WaitForAsync("message");
        await RemoveAsync(Bob);
        await sending;
        await bob.WaitForAsync("thread_left");
        await bob.SyncAsync();
        bob.Received.SkipWhile(received => !received.Is("thread_left")).Count(received => received.Is("message")).ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_join_that_is_under_way_while_its_user_is_taken_out_does_not_get_in(bool catchUp)
    {
        // The store says yes, and before the server acts on it the site says no.
        var gate = new StoreGate(nameof(IChatStore.CheckAccessAsync));
        await using var host = await TestServer.StartAsync(settings => settings, services => services.AddSingleton<IChatStore>(gate.Decorate));
        await using var watcher = await host.JoinAsync(Ada, 7);
        await using var bob = await host.ConnectAsync(Bob);
        await bob.SyncAsync();
        gate.Close();
        var join = catchUp
            ? bob.CallAsync("join_thread", new { threadId = 7, lastMessageId = 1 })
            : bob.CallAsync("join_thread", new { threadId = 7 });
        await gate.Reached;
        host.Services.GetRequiredService<LiveAccess>().RemoveFromThread(7, Bob);
        gate.Open();

        (await join).GetProperty("error").Text("code").ShouldBe("forbidden");
        (await watcher.CallAsync("message_send", new { threadId = 7, content = "x" })).Ok();
        (await bob.AllAsync("message")).ShouldBeEmpty();
        host.Services.GetRequiredService<ThreadPresence>().Users(7, 10).ShouldBe([Ada]);
    }

    [Fact]
    public async Task People_who_are_taken_in_hear_of_the_thread_when_the_site_tells_it()
    {
        await using var carol = await ConnectAsync(Carol);
        await using var bob = await ConnectAsync(Bob);
        await _host.WebhookAsync("participants-changed", $$"""
            "threadId":"{{_thread}}","added":{"3":"{{Carol}}"},"removed":[],"participantIds":[1,2,3],"thread":{"id":{{_thread}},"title":"t"}
            """, DateTimeOffset.UtcNow);
        (await carol.WaitForAsync("thread:created")).GetProperty("thread").Text("title").ShouldBe("t");
        (await bob.AllAsync("thread:created")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Signing_out_ends_the_connections_of_that_login_at_once_and_its_tokens_with_them()
    {
        var token = Token(Bob, "phone");
        await using var phone = await ConnectAsync(token);
        await using var laptop = await ConnectAsync(Bob, "laptop");
        await using var ada = await ConnectAsync(Ada, "phone");
        await Task.WhenAll(phone.SyncAsync(), laptop.SyncAsync(), ada.SyncAsync());

        await _host.WebhookAsync("user-signed-out", $$""" "userId":{{Bob}},"sessionId":"phone","event":"user_signed_out" """, DateTimeOffset.UtcNow);
        var error = await phone.WaitForAsync("error");
        error.Text("event").ShouldBe("auth_refresh");
        error.Text("message").ShouldContain("signed out");
        await phone.Ended;

        (await RefusedAsync(token)).ShouldContain("signed out");
        (await RefusedAsync(Token(Bob, "phone", issued: 0))).ShouldContain("signed out");
        (await laptop.CallAsync("auth_refresh", new { token })).GetProperty("error").Text("code").ShouldBe("unauthenticated");
        (await laptop.AllAsync("error")).Count.ShouldBe(1);
        (await ada.AllAsync("error")).ShouldBeEmpty();
        using var http = _host.Client(("Authorization", $"Bearer {token}"));
        using var answer = await http.GetAsync(new Uri("/wp-json/chatpulse-chat/v1/threads", UriKind.Relative), Cancel);
        ((int)answer.StatusCode).ShouldBe(401);
    }

    [Fact]
    public async Task Signing_out_everywhere_ends_every_connection_and_every_token_from_before_and_none_from_after()
    {
        await using var phone = await ConnectAsync(Bob, "phone");
        await using var laptop = await ConnectAsync(Bob, "laptop");
        await using var ada = await ConnectAsync(Ada);
        await Task.WhenAll(phone.SyncAsync(), laptop.SyncAsync(), ada.SyncAsync());
        await _host.WebhookAsync("user-signed-out", $$""" "userId":{{Bob}},"sessionId":null,"event":"user_signed_out" """, DateTimeOffset.UtcNow.AddSeconds(-20));
        await Task.WhenAll(phone.Ended, laptop.Ended);
        (await RefusedAsync(Token(Bob, "phone"))).ShouldContain("signed out");
        (await RefusedAsync(Token(Bob, "laptop", issued: -21))).ShouldContain("signed out");
        await using var again = await ConnectAsync(Token(Bob, "new", issued: -10));
        (await again.CallAsync("join_thread", new { threadId = _thread })).Ok();
        (await ada.AllAsync("error")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_lost_connection_of_who_has_signed_out_is_not_taken_up()
    {
        var token = Token(Bob, "phone");
        var bob = await ConnectAsync(token);
        (await bob.CallAsync("join_thread", new { threadId = _thread })).Ok();
        await bob.SyncAsync();
        await bob.DisposeAsync();
        await _host.WebhookAsync("user-signed-out", $$""" "userId":{{Bob}},"sessionId":"phone" """, DateTimeOffset.UtcNow);
        var refused = await Should.ThrowAsync<ConnectErrorException>(
            () => ChatClient.ConnectAsync(_host.Address, $$"""{"token":"{{token}}",{{bob.Session}}}"""));
        refused.ErrorData.Text("code").ShouldBe("unauthenticated");
    }

    [Theory]
    [MemberData(nameof(EventsInAThread))]
    public async Task What_was_sent_before_a_sign_out_is_not_done_after_it(string name)
    {
        await using var ada = await JoinAsync(Ada);
        await using var bob = await JoinAsync(Bob);
        await ada.ForgetAsync();
        await _host.WebhookAsync("user-signed-out", $$""" "userId":{{Bob}},"sessionId":"s" """, DateTimeOffset.UtcNow);
        var payload = JsonSerializer.Serialize(new { threadId = _thread, messageId = 1, content = "x", emoji = "👍", isTyping = true, messageIds = OneId });

        // The connection may be gone by now, which is as good.
        await Record.ExceptionAsync(() => bob.EmitRawAsync(name, payload));
        await bob.Ended;
        (await ada.WaitForAsync("presence")).Text("status").ShouldBe("offline");
        await ada.SyncAsync();
        ada.Received.Count(received => OfTheThread.Contains(received.Name)).ShouldBe(1);
    }

    private async Task<string> RefusedAsync(string token)
    {
        var refused = await Should.ThrowAsync<ConnectErrorException>(() => ConnectAsync(token));
        refused.ErrorData.Text("code").ShouldBe("unauthenticated");
        return refused.Message;
    }
}
