using System.Net;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Tests.Chat;
using Shouldly;

namespace Chatpulse.Server.Tests.Rest;

/// <summary>Who is in a thread, in production: only members enter, so what is refused is refused to strangers too.</summary>
public sealed class ParticipantRoutesTests : IAsyncLifetime
{
    private const string Threads = "/wp-json/chatpulse-chat/v1/threads";
    private const long Ada = 1;
    private const long Bob = 2;
    private const long Carol = 3;

    private TestServer _host = null!;
    private long _group;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await TestServer.StartAsync(settings => settings with { IsDevelopment = false, AuthMode = AuthMode.Token, AuthSecret = TestServer.AuthSecret });
        foreach (var (user, name) in new[] { (Ada, "Ada"), (Bob, "Bob"), (Carol, "Carol") })
            await _host.Store.EnsureUserAsync(user, name, Cancel);
        _group = (await _host.Store.CreateThreadAsync(Ada, "group", "t", [Bob], Cancel)).Thread.Id;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Members_see_who_is_in_the_thread_and_who_made_it()
    {
        var answer = await As(Bob).CallAsync(HttpMethod.Get, $"{Threads}/{_group}/participants").JsonAsync();
        answer.GetRawText().ShouldBe(
            $$"""
            {"thread_id":{{_group}},"participants":[{"user_id":1,"display_name":"Ada","email":"","role":"owner"},{"user_id":2,"display_name":"Bob","email":"","role":"member"}]}
            """);
    }

    [Fact]
    public async Task Who_is_taken_in_is_told_with_what_they_have_not_read_and_the_others_are_not()
    {
        await As(Ada).PostAsync($"{Threads}/{_group}", """{"content":"before"}""").JsonAsync(HttpStatusCode.Created);
        await using var bob = await ConnectAsync(Bob);
        await using var carol = await ConnectAsync(Carol);

        var answer = await As(Ada).PostAsync($"{Threads}/{_group}/participants", $$"""{"user_ids":[{{Bob}},{{Carol}}]}""").JsonAsync();

        answer.Names().ShouldBe(["thread"]);
        answer.GetProperty("thread").List("participants").Select(one => one.Id("user_id")).ShouldBe([Ada, Bob, Carol], ignoreOrder: true);
        var told = (await carol.WaitForAsync("thread:created")).GetProperty("thread");
        told.Id().ShouldBe(_group);
        told.GetProperty("unread_count").GetInt32().ShouldBe(1);
        (await bob.AllAsync("thread:created")).ShouldBeEmpty();
        (await carol.CallAsync("join_thread", new { threadId = _group })).Ok();
    }

    [Fact]
    public async Task Who_is_taken_out_is_out_of_the_room_at_once()
    {
        await using var ada = await ConnectAsync(Ada);
        await using var bob = await ConnectAsync(Bob);
        foreach (var client in new[] { ada, bob })
            (await client.CallAsync("join_thread", new { threadId = _group })).Ok();

        (await As(Ada).CallAsync(HttpMethod.Delete, $"{Threads}/{_group}/participants/{Bob}").JsonAsync())
            .GetRawText().ShouldBe($$"""{"success":true,"thread_id":{{_group}},"user_id":{{Bob}}}""");

        (await bob.WaitForAsync("thread_left")).Number("threadId").ShouldBe(_group);
        await As(Ada).PostAsync($"{Threads}/{_group}", """{"content":"among us"}""").JsonAsync(HttpStatusCode.Created);
        await ada.WaitForAsync("message");
        (await bob.AllAsync("message")).ShouldBeEmpty();
        await As(Bob).CallAsync(HttpMethod.Get, $"{Threads}/{_group}/messages").ShouldRefuseAsync(403, "rest_cannot_access_thread");

        // Asking again is no error.
        await As(Ada).CallAsync(HttpMethod.Delete, $"{Threads}/{_group}/participants/{Bob}").JsonAsync();
    }

    [Fact]
    public async Task Everybody_may_go_but_only_who_made_the_group_takes_others_in_and_out()
    {
        await As(Bob).PostAsync($"{Threads}/{_group}/participants", $$"""{"user_ids":[{{Carol}}]}""").ShouldRefuseAsync(403, "rest_cannot_change_participants");
        await As(Bob).CallAsync(HttpMethod.Delete, $"{Threads}/{_group}/participants/{Ada}").ShouldRefuseAsync(403, "rest_cannot_change_participants");
        await As(Bob).CallAsync(HttpMethod.Delete, $"{Threads}/{_group}/participants/{Bob}").JsonAsync();
    }

    [Fact]
    public async Task Strangers_and_nobody_are_refused_and_learn_nothing()
    {
        foreach (var thread in new[] { _group, 99_999 })
        {
            await As(Carol).CallAsync(HttpMethod.Get, $"{Threads}/{thread}/participants").ShouldRefuseAsync(403, "rest_cannot_access_thread");
            await As(Carol).PostAsync($"{Threads}/{thread}/participants", $$"""{"user_ids":[{{Carol}}]}""").ShouldRefuseAsync(403, "rest_cannot_access_thread");
            await As(Carol).CallAsync(HttpMethod.Delete, $"{Threads}/{thread}/participants/{Bob}").ShouldRefuseAsync(403, "rest_cannot_access_thread");
        }

        await _host.Client().CallAsync(HttpMethod.Get, $"{Threads}/{_group}/participants").ShouldRefuseAsync(401, "rest_not_logged_in");
        await _host.Client().CallAsync(HttpMethod.Delete, $"{Threads}/{_group}/participants/{Bob}").ShouldRefuseAsync(401, "rest_not_logged_in");
    }

    [Fact]
    public async Task A_private_thread_stays_between_its_two()
    {
        var thread = (await _host.Store.CreateThreadAsync(Ada, "private", null, [Bob], Cancel)).Thread.Id;
        await As(Ada).PostAsync($"{Threads}/{thread}/participants", $$"""{"user_ids":[{{Carol}}]}""").ShouldRefuseAsync(400, "invalid_thread_type");
        await As(Ada).CallAsync(HttpMethod.Delete, $"{Threads}/{thread}/participants/{Bob}").ShouldRefuseAsync(400, "invalid_thread_type");
    }

    [Theory]
    [InlineData("""{"user_ids":[]}""")]
    [InlineData("""{"user_ids":3}""")]
    [InlineData("""{"user_ids":["x"]}""")]
    public async Task User_ids_that_are_none_are_named(string body) =>
        await As(Ada).PostAsync($"{Threads}/{_group}/participants", body).ShouldRefuseParameterAsync("user_ids");

    [Fact]
    public async Task Missing_and_unknown_people_and_wrong_ids_are_named()
    {
        await As(Ada).PostAsync($"{Threads}/{_group}/participants", "{}").ShouldMissAsync("user_ids");
        (await As(Ada).PostAsync($"{Threads}/{_group}/participants", """{"user_ids":[3,999]}""").ShouldRefuseAsync(400, "invalid_participant"))
            .Text("message").ShouldContain("999");
        await As(Ada).CallAsync(HttpMethod.Delete, $"{Threads}/{_group}/participants/0").ShouldRefuseParameterAsync("user_id");
    }

    private HttpClient As(long user) => _host.Client(("Authorization", "Bearer " + TokenOf(user)));

    private Task<ChatClient> ConnectAsync(long user) => ChatClient.ConnectAsync(_host.Address, $$"""{"token":"{{TokenOf(user)}}"}""");

    private static string TokenOf(long user) =>
        TestServer.Token(user, user switch { Ada => "Ada", Bob => "Bob", _ => "Carol" }, TimeSpan.FromHours(1));
}
