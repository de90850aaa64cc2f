using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Tests.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Chat;

/// <summary>What happens by the clock: typing that expires, tokens that do.</summary>
public sealed class ExpiryTests
{
    private const long Ada = 1;
    private const long Bob = 2;

    private static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly object InThread = new { threadId = 7 };
    private static readonly object Typing = new { threadId = 7, isTyping = true };

    private readonly FakeTimeProvider _time = new(Start);

    private Task<TestServer> StartAsync(Func<ServerSettings, ServerSettings>? change = null) =>
        TestServer.StartAsync(change, services => services.AddSingleton<TimeProvider>(_time));

    private Task<TestServer> StartWithTokensAsync() => StartAsync(settings => settings with
    {
        AuthMode = AuthMode.Token,
        AuthSecret = TestToken.Secret,
        AuthGracePeriod = TimeSpan.FromSeconds(15),
    });

    private static string Auth(string token) => $$"""{"token":"{{token}}"}""";

    private static async Task<IEnumerable<bool>> TypingSeenAsync(ChatClient client) =>
        (await client.AllAsync("typing")).Select(typing => typing.GetProperty("isTyping").GetBoolean());

    [Fact]
    public async Task Typing_ends_by_itself_ten_seconds_after_the_last_true_whichever_connection_sent_it()
    {
        await using var host = await StartAsync();
        await using var ada = await host.JoinAsync(Ada, 7);
        await using var phone = await host.JoinAsync(Bob, 7);
        await using var laptop = await host.JoinAsync(Bob, 7);

        (await phone.CallAsync("typing", Typing)).Ok();
        _time.Advance(TimeSpan.FromSeconds(9));
        (await laptop.CallAsync("typing", Typing)).Ok();
        _time.Advance(TimeSpan.FromSeconds(9));
        (await TypingSeenAsync(ada)).ShouldBe([true, true]);

        _time.Advance(TimeSpan.FromSeconds(2));
        (await ada.WaitForAsync("typing", typing => !typing.GetProperty("isTyping").GetBoolean())).Number("userId").ShouldBe(Bob);
        _time.Advance(TimeSpan.FromSeconds(2));
        (await TypingSeenAsync(ada)).ShouldBe([true, true, false]);
    }

    [Fact]
    public async Task Typing_said_by_REST_is_told_and_expires_too()
    {
        await using var host = await StartAsync();
        await using var ada = await host.JoinAsync(Ada, 7);
        var chat = host.Services.GetRequiredService<ChatService>();
        await chat.SetTypingAsync(Bob, 7, isTyping: true, TestContext.Current.CancellationToken);
        chat.TypingUsers(7).ShouldBe([Bob]);
        _time.Advance(TimeSpan.FromSeconds(11));
        await ada.WaitForAsync("typing", typing => !typing.GetProperty("isTyping").GetBoolean());
        chat.TypingUsers(7).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_token_proves_the_user_and_nothing_else_does()
    {
        await using var host = await StartWithTokensAsync();
        var token = TestToken.For(Ada, Start.AddMinutes(5));
        await using (var byAuth = await ChatClient.ConnectAsync(host.Address, Auth(token)))
        await using (var byHeader = await ChatClient.ConnectAsync(host.Address, auth: null, query: null, ("Authorization", $"Bearer {token}")))
        {
            (await byAuth.CallAsync("presence:request", new { user_ids = new[] { Ada } })).Ok().GetProperty("users")[0].Number("user_id").ShouldBe(Ada);
            (await byHeader.CallAsync("presence:request", new { user_ids = new[] { Ada } })).Ok().GetProperty("users")[0].Number("user_id").ShouldBe(Ada);
        }

        foreach (var auth in new[] { null, """{"userId":1}""", """{"token":5}""", """{"token":null}""" })
        {
            var refused = await Should.ThrowAsync<ConnectErrorException>(() => ChatClient.ConnectAsync(host.Address, auth, "userId=1"));
            refused.Message.ShouldBe("Authentication required");
            refused.ErrorData.Text("code").ShouldBe("unauthenticated");
        }

        var expired = await Should.ThrowAsync<ConnectErrorException>(
            () => ChatClient.ConnectAsync(host.Address, Auth(TestToken.For(Ada, Start.AddMinutes(-5)))));
        expired.Message.ShouldContain("expired");
        expired.ErrorData.Text("code").ShouldBe("unauthenticated");
    }

    [Fact]
    public async Task The_name_in_the_token_is_the_senders_name()
    {
        await using var host = await StartWithTokensAsync();
        await using var ada = await ChatClient.ConnectAsync(host.Address, Auth(TestToken.For(Ada, Start.AddMinutes(5), "Ada Lovelace")));
        (await ada.CallAsync("join_thread", InThread)).Ok();
        (await ada.CallAsync("message_send", new { threadId = 7, content = "x" })).Ok()
            .GetProperty("message").Text("senderName").ShouldBe("Ada Lovelace");
    }

    [Fact]
    public async Task An_expired_token_is_told_and_after_the_grace_period_the_connection_ends()
    {
        await using var host = await StartWithTokensAsync();
        await using var ada = await ChatClient.ConnectAsync(host.Address, Auth(TestToken.For(Ada, Start.AddSeconds(10))));

        // An answer shows that the server has set its clock: it does so just after it has let the client in.
        await ada.ForgetAsync();
        _time.Advance(TimeSpan.FromSeconds(11));
        (await ada.WaitForAsync("error")).Text("event").ShouldBe("auth_refresh");
        (await ada.CallAsync("join_thread", InThread)).Ok();

        _time.Advance(TimeSpan.FromSeconds(15));
        await ada.Ended;
        ada.Received.Count(received => received.Is("error")).ShouldBe(2);
    }

    [Fact]
    public async Task A_token_is_refreshed_in_place_by_one_of_the_same_user()
    {
        await using var host = await StartWithTokensAsync();
        await using var ada = await ChatClient.ConnectAsync(host.Address, Auth(TestToken.For(Ada, Start.AddSeconds(10))));

        // An answer shows that the server has set its clock: it does so just after it has let the client in.
        await ada.ForgetAsync();
        _time.Advance(TimeSpan.FromSeconds(11));
        await ada.WaitForAsync("error");

        (await ada.CallAsync("auth_refresh", new { token = TestToken.For(Bob, Start.AddSeconds(60)) }))
            .GetProperty("error").Text("code").ShouldBe("forbidden");
        (await ada.CallAsync("auth_refresh", new { token = TestToken.For(Ada, Start) }))
            .GetProperty("error").Text("code").ShouldBe("unauthenticated");
        (await ada.CallAsync("auth_refresh", new { token = TestToken.For(Ada, Start.AddSeconds(40)) })).Ok()
            .Text("expiresAt").ShouldBe("2026-11-23T12:00:40.000Z");

        await ada.ForgetAsync();
        _time.Advance(TimeSpan.FromSeconds(24));
        (await ada.AllAsync("error")).ShouldBeEmpty();
        _time.Advance(TimeSpan.FromSeconds(6));
        await ada.WaitForAsync("error");
    }
}
