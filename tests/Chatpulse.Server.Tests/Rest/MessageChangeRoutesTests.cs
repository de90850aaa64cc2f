using System.Text.Json;
using Shouldly;

namespace Chatpulse.Server.Tests.Rest;

/// <summary>Edits, deletions and reactions by REST: who may, what is answered, and what sockets are told.</summary>
public sealed class MessageChangeRoutesTests(DevelopmentServer server) : IClassFixture<DevelopmentServer>
{
    private const string Base = "/wp-json/chatpulse-chat/v1";

    [Fact]
    public async Task An_edit_is_answered_kept_and_told_to_sockets()
    {
        var (alice, bob, thread, id) = await MessageAsync();
        await using var listener = await server.Server.JoinAsync(bob, thread);

        var answer = await server.As(alice).CallAsync(HttpMethod.Patch, $"{Base}/messages/{id}", """{"content":"  second "}""").JsonAsync();

        answer.Names().ShouldBe(["message"]);
        var message = answer.GetProperty("message");
        (message.Id(), message.Id("thread_id"), message.Id("sender_id")).ShouldBe((id, thread, alice));
        message.Text("content").ShouldBe("second");
        message.Text("edited_at_gmt").ShouldEndWith("Z");
        (await listener.WaitForAsync("message_update")).Text("content").ShouldBe("second");
        (await HistoryAsync(bob, thread)).ShouldHaveSingleItem().GetRawText().ShouldBe(message.GetRawText());
    }

    [Fact]
    public async Task A_deletion_leaves_the_place_and_is_told_to_sockets()
    {
        var (alice, bob, thread, id) = await MessageAsync();
        await using var listener = await server.Server.JoinAsync(bob, thread);

        var message = (await server.As(alice).CallAsync(HttpMethod.Delete, $"{Base}/messages/{id}").JsonAsync()).GetProperty("message");

        message.Text("content").ShouldBe("");
        message.Text("deleted_at_gmt").ShouldEndWith("Z");
        (await listener.WaitForAsync("message_update")).Text("content").ShouldBe("");
        (await HistoryAsync(bob, thread)).ShouldHaveSingleItem().GetRawText().ShouldBe(message.GetRawText());

        // Asking again is no error, and what is gone can be neither edited nor reacted to.
        (await server.As(alice).CallAsync(HttpMethod.Delete, $"{Base}/messages/{id}").JsonAsync()).GetProperty("message").GetRawText().ShouldBe(message.GetRawText());
        await server.As(alice).CallAsync(HttpMethod.Patch, $"{Base}/messages/{id}", """{"content":"x"}""").ShouldRefuseAsync(404, "message_not_found");
        await server.As(bob).PostAsync($"{Base}/messages/{id}/reactions", """{"emoji":"👍"}""").ShouldRefuseAsync(404, "message_not_found");
    }

    [Fact]
    public async Task A_reaction_is_put_taken_away_and_told_to_sockets()
    {
        var (alice, bob, thread, id) = await MessageAsync();
        await using var listener = await server.Server.JoinAsync(alice, thread);
        var path = $"{Base}/messages/{id}/reactions";

        var reaction = (await server.As(bob).PostAsync(path, """{"emoji":"👍"}""").JsonAsync()).GetProperty("message").List("reactions").ShouldHaveSingleItem();

        reaction.Text("emoji").ShouldBe("👍");
        reaction.List("user_ids").ShouldHaveSingleItem().GetInt64().ShouldBe(bob);
        (await listener.WaitForAsync("message_update")).List("reactions").ShouldHaveSingleItem().Text("emoji").ShouldBe("👍");

        (await server.As(bob).PostAsync(path, """{"emoji":"👍","remove":true}""").JsonAsync()).GetProperty("message").List("reactions").ShouldBeEmpty();
        (await listener.AllAsync("message_update")).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Only_the_author_edits_and_deletes_but_whoever_made_the_thread_deletes_too()
    {
        var (alice, bob, thread, id) = await MessageAsync();
        var ofBob = await server.SendAsync(bob, thread, "mine");

        await server.As(bob).CallAsync(HttpMethod.Patch, $"{Base}/messages/{id}", """{"content":"x"}""").ShouldRefuseAsync(403, "rest_cannot_edit_message");
        await server.As(bob).CallAsync(HttpMethod.Delete, $"{Base}/messages/{id}").ShouldRefuseAsync(403, "rest_cannot_edit_message");
        await server.As(alice).CallAsync(HttpMethod.Patch, $"{Base}/messages/{ofBob}", """{"content":"x"}""").ShouldRefuseAsync(403, "rest_cannot_edit_message");
        (await HistoryAsync(bob, thread)).Select(message => message.Text("content")).ShouldBe(["first", "mine"]);
        await server.As(alice).CallAsync(HttpMethod.Delete, $"{Base}/messages/{ofBob}").JsonAsync();
    }

    [Fact]
    public async Task Strangers_and_nobody_change_nothing()
    {
        var (_, bob, thread, id) = await MessageAsync();
        await using var listener = await server.Server.JoinAsync(bob, thread);
        foreach (var (caller, status, code) in new[]
        {
            (server.As(server.NewUser()), 403, "rest_cannot_access_thread"), (server.Anonymous, 401, "rest_not_logged_in"),
        })
        {
            await caller.CallAsync(HttpMethod.Patch, $"{Base}/messages/{id}", """{"content":"x"}""").ShouldRefuseAsync(status, code);
            await caller.CallAsync(HttpMethod.Delete, $"{Base}/messages/{id}").ShouldRefuseAsync(status, code);
            await caller.PostAsync($"{Base}/messages/{id}/reactions", """{"emoji":"👍"}""").ShouldRefuseAsync(status, code);
        }

        (await listener.AllAsync("message_update")).ShouldBeEmpty();
    }

    [Fact]
    public async Task No_message_is_404()
    {
        var caller = server.As(server.NewUser());
        await caller.CallAsync(HttpMethod.Patch, $"{Base}/messages/99999999", """{"content":"x"}""").ShouldRefuseAsync(404, "message_not_found");
        await caller.CallAsync(HttpMethod.Delete, $"{Base}/messages/99999999").ShouldRefuseAsync(404, "message_not_found");
        await caller.PostAsync($"{Base}/messages/99999999/reactions", """{"emoji":"👍"}""").ShouldRefuseAsync(404, "message_not_found");
    }

    [Theory]
    [InlineData("PATCH", "/messages/5", """{"content":"  "}""", "content")]
    [InlineData("PATCH", "/messages/5", """{"content":["x"]}""", "content")]
    [InlineData("PATCH", "/messages/0", """{"content":"x"}""", "message_id")]
    [InlineData("DELETE", "/messages/9007199254740992", null, "message_id")]
    [InlineData("POST", "/messages/5/reactions", """{"emoji":"thumbs up"}""", "emoji")]
    [InlineData("POST", "/messages/5/reactions", """{"emoji":"👍👍"}""", "emoji")]
    [InlineData("POST", "/messages/5/reactions", """{"emoji":7}""", "emoji")]
    [InlineData("POST", "/messages/5/reactions", """{"emoji":"👍","remove":"maybe"}""", "remove")]
    public async Task A_wrong_parameter_is_named(string method, string path, string? body, string name) =>
        await server.As(server.NewUser()).CallAsync(new HttpMethod(method), Base + path, body).ShouldRefuseParameterAsync(name);

    [Fact]
    public async Task A_missing_parameter_is_named()
    {
        var caller = server.As(server.NewUser());
        await caller.CallAsync(HttpMethod.Patch, $"{Base}/messages/5", "{}").ShouldMissAsync("content");
        await caller.PostAsync($"{Base}/messages/5/reactions", "{}").ShouldMissAsync("emoji");
    }

    [Fact]
    public async Task A_message_takes_fifty_different_emoji_and_no_more()
    {
        var (alice, _, _, id) = await MessageAsync();
        var path = $"{Base}/messages/{id}/reactions";
        for (var i = 0; i < 50; i++)
            await server.As(alice).PostAsync(path, $$"""{"emoji":"{{char.ConvertFromUtf32(0x1F600 + i)}}"}""").JsonAsync();
        await server.As(alice).PostAsync(path, """{"emoji":"👍"}""").ShouldRefuseAsync(400, "too_many_reactions");
    }

    private async Task<(long Alice, long Bob, long Thread, long Id)> MessageAsync()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);
        return (alice, bob, thread, await server.SendAsync(alice, thread, "first"));
    }

    private async Task<IReadOnlyList<JsonElement>> HistoryAsync(long user, long thread) =>
        [.. (await server.GetAsync(user, $"{Base}/threads/{thread}/messages").JsonAsync()).List("messages")];
}
