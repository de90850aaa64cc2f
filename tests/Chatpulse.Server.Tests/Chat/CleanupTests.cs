using Chatpulse.Server.Chat;
using Chatpulse.Server.Presence;
using Chatpulse.Server.Stores.Sqlite;
using Chatpulse.Server.Typing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using SocketIO.Server;

namespace Chatpulse.Server.Tests.Chat;

/// <summary>What a connection had is gone when it is.</summary>
public sealed class CleanupTests
{
    [Fact]
    public async Task Rooms_typing_and_presence_of_connections_are_gone_when_they_are()
    {
        await using var host = await TestServer.StartAsync();
        await using var watcher = await host.JoinAsync(1_000, 1_000);
        var clients = await Task.WhenAll(Enumerable.Range(1, 20).Select(async userId =>
        {
            // Two connections a user, in a thread of many and in one of their own.
            var client = await host.JoinAsync((userId + 1) / 2, 1_000);
            (await client.CallAsync("join_thread", new { threadId = userId })).Ok();
            (await client.CallAsync("typing", new { threadId = 1_000, isTyping = true })).Ok();
            (await client.CallAsync("typing", new { threadId = userId, isTyping = true })).Ok();
            return client;
        }));

        var threads = host.Services.GetRequiredService<ThreadPresence>();
        var typing = host.Services.GetRequiredService<TypingTracker>();
        var presence = host.Services.GetRequiredService<PresenceTracker>();
        var server = host.Services.GetRequiredService<SocketIOServer>();
        threads.ThreadCount.ShouldBe(21);
        typing.Count.ShouldBe(30);
        presence.ConnectedUsers.ShouldBe(11);
        server.Default.SocketCount.ShouldBe(21);

        foreach (var client in clients)
            await client.DisposeAsync();
        for (var userId = 1; userId <= 10; userId++)
        {
            var gone = userId;
            await watcher.WaitForAsync("presence", told => told.Number("userId") == gone && told.Text("status") is "offline");
            await watcher.WaitForAsync("user:disconnect", told => told.Number("user_id") == gone);
            await watcher.WaitForAsync("typing", told => told.Number("userId") == gone && !told.GetProperty("isTyping").GetBoolean());
        }

        threads.ThreadCount.ShouldBe(1);
        typing.Count.ShouldBe(0);
        presence.ConnectedUsers.ShouldBe(1);
        presence.Find(5)!.Status.ShouldBe(PresenceStatus.Offline);
        server.Default.SocketCount.ShouldBe(1);
        host.Services.GetRequiredService<ChatService>().BusyThreads.ShouldBe(0);
        (await watcher.AllAsync("presence")).Count.ShouldBe(20, "each user is told once to come and once to go");
    }

    [Fact]
    public async Task What_a_connection_still_says_while_it_ends_is_not_told()
    {
        await using var host = await TestServer.StartAsync();
        await using var watcher = await host.JoinAsync(1, 456);
        await using var client = await host.JoinAsync(2, 456);
        var server = host.Services.GetRequiredService<SocketIOServer>();
        var connection = server.Default.Sockets.Select(socket => (ChatConnection)socket.Data!).Single(one => one.UserId == 2);

        // The first step of its end; its handlers may be under way.
        connection.Close();
        (await client.CallAsync("typing", new { threadId = 456, isTyping = true })).GetProperty("error").Text("code").ShouldBe("forbidden");

        (await watcher.AllAsync("typing")).ShouldBeEmpty();
        host.Services.GetRequiredService<TypingTracker>().Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_connection_can_be_in_so_many_threads_and_no_more()
    {
        await using var host = await TestServer.StartAsync();
        await using var client = await host.ConnectAsync(1);
        var joins = await Task.WhenAll(Enumerable.Range(1, 501).Select(threadId => client.CallAsync("join_thread", new { threadId })));
        joins.Count(join => join.GetProperty("ok").GetBoolean()).ShouldBe(500);
        joins[500].GetProperty("error").Text("code").ShouldBe("too_large");

        // It was refused before it could make a thread, as naming one does in development.
        await using (var database = new SqliteConnection($"Data Source={Path.Combine(host.DataDirectory, SqliteDatabase.FileName)};Mode=ReadOnly;Pooling=False"))
        {
            await database.OpenAsync(TestContext.Current.CancellationToken);
            await using var count = database.CreateCommand();
            count.CommandText = "SELECT COUNT(*) FROM chatpulse_message_threads WHERE id <= 501";
            (await count.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(500L);
        }

        (await client.CallAsync("leave_thread", new { threadId = 1 })).Ok();
        (await client.CallAsync("join_thread", new { threadId = 501 })).Ok();
    }
}
