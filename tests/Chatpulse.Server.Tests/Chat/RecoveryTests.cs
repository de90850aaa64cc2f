using System.Globalization;
using System.Text;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Presence;
using Chatpulse.Server.Stores;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using SocketIO.Server;

namespace Chatpulse.Server.Tests.Chat;

/// <summary>Connections that are lost and taken up again.</summary>
public sealed class RecoveryTests
{
    private const long Ada = 1;
    private const long Bob = 2;
    private const int Thread = 7;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Task<ChatClient> ConnectAsync(TestServer host, long userId, ChatClient lost) =>
        ChatClient.ConnectAsync(host.Address, $$"""{"userId":{{userId}},{{lost.Session}}}""");

    private static async Task<long> SendAsync(ChatClient client, string content) =>
        (await client.CallAsync("message_send", new { threadId = Thread, content })).Ok().GetProperty("message").Number("id");

    // Bob has seen one message, and his connection is lost.
    private static async Task<(ChatClient Bob, long Seen)> LoseAsync(TestServer host, ChatClient ada)
    {
        var bob = await host.JoinAsync(Bob, Thread);
        var seen = await SendAsync(ada, "seen");
        await bob.WaitForAsync("message");
        await bob.SyncAsync();
        await bob.DisposeAsync();
        await ada.WaitForAsync("presence", presence => presence.Text("status") is "offline");
        await Eventually.TrueAsync(() => host.Services.GetRequiredService<SocketIOServer>().Default.SocketCount == 1);
        return (bob, seen);
    }

    [Fact]
    public async Task A_lost_connection_is_taken_up_with_its_threads_and_what_it_missed_and_nothing_comes_twice()
    {
        await using var host = await TestServer.StartAsync();
        await using var ada = await host.JoinAsync(Ada, Thread);
        var (lost, seen) = await LoseAsync(host, ada);
        var missed = await SendAsync(ada, "missed");
        await ada.ForgetAsync();

        await using var bob = await ConnectAsync(host, Bob, lost);
        bob.Id.ShouldBe(lost.Id);
        (await bob.WaitForAsync("message")).Number("id").ShouldBe(missed);
        (await ada.WaitForAsync("presence")).Text("status").ShouldBe("online");
        host.Services.GetRequiredService<ThreadPresence>().Users(Thread, 10).ShouldBe([Ada, Bob], ignoreOrder: true);
        (await bob.CallAsync("typing", new { threadId = Thread, isTyping = true })).Ok();
        await ada.WaitForAsync("typing");
        var live = await SendAsync(ada, "live");

        // As a client does that knows nothing of recovery.
        (await bob.CallAsync("join_thread", new { threadId = Thread, lastMessageId = seen })).Ok().Number("missed").ShouldBe(0);
        (await bob.AllAsync("message")).Select(message => message.Number("id")).ShouldBe([missed, live]);
        (await bob.AllAsync("thread_joined")).Count.ShouldBe(1);

        // From then on it gets what it asks for.
        (await bob.CallAsync("join_thread", new { threadId = Thread, lastMessageId = seen })).Ok().Number("missed").ShouldBe(2);
        (await ada.AllAsync("presence")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_was_stored_meanwhile_and_never_told_comes_with_the_next_join()
    {
        await using var host = await TestServer.StartAsync();
        await using var ada = await host.JoinAsync(Ada, Thread);
        var (lost, seen) = await LoseAsync(host, ada);
        var told = await SendAsync(ada, "told");
        var untold = (await host.Store.SendAsync(new NewMessage(Ada, Thread, TempId: null, "its webhook was lost", ContentTypes.PlainText, []), Cancel)).Message.Id;
        await using var bob = await ConnectAsync(host, Bob, lost);
        (await bob.CallAsync("join_thread", new { threadId = Thread, lastMessageId = seen })).Ok().Number("missed").ShouldBe(1);
        (await bob.AllAsync("message")).Select(message => message.Number("id")).ShouldBe([told, untold]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_connection_got_by_joining_does_not_come_again_when_its_webhook_comes_at_last(bool recovered)
    {
        await using var host = await TestServer.StartAsync();
        await using var ada = await host.JoinAsync(Ada, Thread);
        var (lost, seen) = await LoseAsync(host, ada);
        var late = (await host.Store.SendAsync(new NewMessage(Ada, Thread, TempId: null, "its webhook is late", ContentTypes.PlainText, []), Cancel)).Message.Id;
        await using var bob = recovered ? await ConnectAsync(host, Bob, lost) : await host.ConnectAsync(Bob);
        (await bob.CallAsync("join_thread", new { threadId = Thread, lastMessageId = seen })).Ok().Number("missed").ShouldBe(1);

        using var body = new StringContent(
            string.Create(CultureInfo.InvariantCulture, $$"""{"message":{"id":{{late}},"content":"its webhook is late"},"threadId":{{Thread}},"senderId":{{Ada}}}"""),
            Encoding.UTF8,
            "application/json");
        using var answer = await host.Client().PostAsync(new Uri("/webhook/message", UriKind.Relative), body, Cancel);
        answer.IsSuccessStatusCode.ShouldBeTrue();
        (await ada.WaitForAsync("message")).Number("id").ShouldBe(late);
        await bob.WaitForAsync("thread:updated");
        (await bob.AllAsync("message")).Select(message => message.Number("id")).ShouldBe([late]);
        (await bob.AllAsync("message:received")).ShouldBeEmpty();

        // Only that one was passed over.
        var next = await SendAsync(ada, "next");
        await bob.WaitForAsync("message", message => message.Number("id") == next);
    }

    [Fact]
    public async Task Another_user_gets_nothing_of_a_session()
    {
        await using var host = await TestServer.StartAsync();
        await using var ada = await host.JoinAsync(Ada, Thread);
        var (lost, _) = await LoseAsync(host, ada);
        await SendAsync(ada, "for Bob");
        await using var eve = await ConnectAsync(host, 3, lost);
        string.Equals(eve.Id, lost.Id, StringComparison.Ordinal).ShouldBeFalse();
        (await eve.AllAsync("message")).ShouldBeEmpty();
        (await eve.CallAsync("typing", new { threadId = Thread, isTyping = true })).GetProperty("error").Text("code").ShouldBe("forbidden");
    }

    [Fact]
    public async Task Who_was_taken_out_of_a_thread_meanwhile_starts_anew_and_gets_nothing_of_it()
    {
        await using var host = await TestServer.StartAsync();
        await using var ada = await host.JoinAsync(Ada, Thread);
        var (lost, _) = await LoseAsync(host, ada);
        await host.Store.RemoveParticipantAsync(Ada, Thread, Bob, Cancel);
        host.Services.GetRequiredService<LiveAccess>().RemoveFromThread(Thread, Bob);
        await SendAsync(ada, "without Bob");
        await using var bob = await ConnectAsync(host, Bob, lost);
        string.Equals(bob.Id, lost.Id, StringComparison.Ordinal).ShouldBeFalse();
        (await bob.AllAsync("message")).ShouldBeEmpty();
        (await bob.CallAsync("typing", new { threadId = Thread, isTyping = true })).GetProperty("error").Text("code").ShouldBe("forbidden");
    }

    [Fact]
    public async Task Who_is_taken_out_while_the_session_is_being_taken_up_is_not_in()
    {
        var gate = new StoreGate(nameof(IChatStore.CheckMembershipAsync));
        await using var host = await TestServer.StartAsync(settings => settings, services => services.AddSingleton<IChatStore>(gate.Decorate));
        await using var ada = await host.JoinAsync(Ada, Thread);
        var (lost, _) = await LoseAsync(host, ada);
        gate.Close();
        var connecting = ConnectAsync(host, Bob, lost);
        await gate.Reached;
        host.Services.GetRequiredService<LiveAccess>().RemoveFromThread(Thread, Bob);
        gate.Open();

        await using var bob = await connecting;
        await bob.WaitForAsync("thread_left");
        await SendAsync(ada, "without Bob");
        (await bob.AllAsync("message")).ShouldBeEmpty();
        host.Services.GetRequiredService<ThreadPresence>().Users(Thread, 10).ShouldBe([Ada]);
    }

    [Fact]
    public async Task A_store_that_cannot_tell_is_no_reason_to_send_anything()
    {
        var gate = new StoreGate(nameof(IChatStore.CheckMembershipAsync));
        await using var host = await TestServer.StartAsync(settings => settings, services => services.AddSingleton<IChatStore>(gate.Decorate));
        await using var ada = await host.JoinAsync(Ada, Thread);
        var (lost, seen) = await LoseAsync(host, ada);
        var missed = await SendAsync(ada, "missed");
        gate.Failure = new ChatException(ChatErrorCodes.Unavailable, "The store is away.");
        await using var bob = await ConnectAsync(host, Bob, lost);
        string.Equals(bob.Id, lost.Id, StringComparison.Ordinal).ShouldBeFalse();
        (await bob.AllAsync("message")).ShouldBeEmpty();

        // As always: the messages are there for who joins again.
        (await bob.CallAsync("join_thread", new { threadId = Thread, lastMessageId = seen })).Ok().Number("missed").ShouldBe(1);
        (await bob.AllAsync("message")).ShouldHaveSingleItem().Number("id").ShouldBe(missed);
    }
}
