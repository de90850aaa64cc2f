using System.Net;
using System.Text;
using Shouldly;

namespace Chatpulse.Server.Tests.Rest;

public sealed class ThreadRoutesTests(DevelopmentServer server) : IClassFixture<DevelopmentServer>
{
    private const string Threads = "/wp-json/chatpulse-chat/v1/threads";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_private_thread_of_caller_and_other_is_made_with_everything_a_front_end_shows()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());

        var answer = await server.As(alice).PostAsync(Threads, $$"""{"type":"private","participants":[{{alice}},{{bob}}],"title":"Bob Ångström 😀"}""")
            .JsonAsync(HttpStatusCode.Created);

        answer.Names().ShouldBe(["thread", "message"]);
        answer.Text("message").ShouldBe("Thread created successfully.");
        var thread = answer.GetProperty("thread");
        thread.Names().ShouldBe([
            "id", "type", "title", "created_by", "created_by_name", "created_by_email", "created_at", "updated_at", "participants",
            "last_message", "unread_count", "created_at_gmt", "updated_at_gmt"]);
        thread.Id().ShouldBeGreaterThan(0);
        thread.Text("type").ShouldBe("private");
        thread.Text("title").ShouldBe("Bob Ångström 😀");
        thread.Id("created_by").ShouldBe(alice);
        thread.Text("created_at").ShouldMatch(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$");
        thread.List("participants").Select(one => one.Id("user_id")).ShouldBe([alice, bob], ignoreOrder: true);
        thread.List("participants").First().Names().ShouldBe(["user_id", "display_name", "email"]);
        thread.GetProperty("last_message").GetRawText().ShouldBe("""{"content":"","created_at":"","sender_id":null,"sender_name":""}""");
        thread.GetProperty("unread_count").GetInt32().ShouldBe(0);
    }

    [Fact]
    public async Task The_threads_of_a_user_are_for_that_user()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        await server.PrivateThreadAsync(alice, bob);

        var own = await server.GetAsync(alice, $"/wp-json/chatpulse-chat/v1/users/{alice}/threads?per_page=5").JsonAsync();

        own.GetRawText().ShouldBe((await server.GetAsync(alice, $"{Threads}?per_page=5").JsonAsync()).GetRawText());
        own.List("threads").Count().ShouldBe(1);
        await server.GetAsync(bob, $"/wp-json/chatpulse-chat/v1/users/{alice}/threads").ShouldRefuseAsync(403, "rest_forbidden");
        await server.Anonymous.GetAsync(new Uri($"/wp-json/chatpulse-chat/v1/users/{alice}/threads", UriKind.Relative), Cancel).ShouldRefuseAsync(401, "rest_not_logged_in");
        await server.GetAsync(alice, "/wp-json/chatpulse-chat/v1/users/0/threads").ShouldRefuseParameterAsync("user_id");
        await server.GetAsync(alice, $"/wp-json/chatpulse-chat/v1/users/{alice}/threads?per_page=0").ShouldRefuseParameterAsync("per_page");
    }

    [Theory]
    [InlineData("[{0},{1}]")]
    [InlineData("[{1},{0}]")]
    [InlineData("[{1}]")]
    [InlineData("[\"{1}\",\"{0}\"]")]
    public async Task A_private_thread_that_is_there_is_answered_with_200_however_the_two_are_named(string participants)
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var made = await server.As(alice).PostAsync(Threads, $$"""{"type":"private","participants":[{{alice}},{{bob}}]}""").JsonAsync(HttpStatusCode.Created);

        var named = string.Format(System.Globalization.CultureInfo.InvariantCulture, participants, alice, bob);
        var again = await server.As(alice).PostAsync(Threads, $$"""{"type":"private","participants":{{named}}}""").JsonAsync();

        again.Text("message").ShouldBe("Thread already exists.");
        again.GetProperty("thread").Id().ShouldBe(made.GetProperty("thread").Id());
    }

    [Fact]
    public async Task The_other_of_a_private_thread_finds_it_too()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var made = await server.As(alice).PostAsync(Threads, $$"""{"type":"private","participants":[{{bob}}]}""").JsonAsync(HttpStatusCode.Created);
        var found = await server.As(bob).PostAsync(Threads, $$"""{"type":"private","participants":[{{alice}}]}""").JsonAsync();
        found.GetProperty("thread").Id().ShouldBe(made.GetProperty("thread").Id());
    }

    [Fact]
    public async Task A_group_takes_repeated_names_once_and_a_form_as_well_as_json()
    {
        var (alice, bob, carol) = (server.NewUser(), server.NewUser(), server.NewUser());
        using var form = new FormUrlEncodedContent(
            [new("type", "group"), new("title", "Team"), new("participants[]", $"{bob}"), new("participants[]", $"{bob}"), new("participants[]", $"{carol}")]);

        var thread = (await server.As(alice).PostAsync(Threads, form, Cancel).JsonAsync(HttpStatusCode.Created)).GetProperty("thread");

        thread.Text("title").ShouldBe("Team");
        thread.List("participants").Select(one => one.Id("user_id")).ShouldBe([alice, bob, carol], ignoreOrder: true);
    }

    [Theory]
    [InlineData("""{"type":"group"}""", "invalid_participants")]
    [InlineData("""{"type":"group","participants":[]}""", "invalid_participants")]
    [InlineData("""{"type":"private","participants":[900000001,900000002,900000003]}""", "invalid_participants_count")]
    public async Task Participants_that_will_not_do_are_named(string body, string code) =>
        await server.As(server.NewUser()).PostAsync(Threads, body).ShouldRefuseAsync(400, code);

    [Theory]
    [InlineData("""{"type":"public","participants":[2,3]}""", "type")]
    [InlineData("""{"type":["group"],"participants":[2,3]}""", "type")]
    [InlineData("""{"type":"group","participants":"2,3"}""", "participants")]
    [InlineData("""{"type":"group","participants":[2,0]}""", "participants")]
    [InlineData("""{"type":"group","participants":[2,-1]}""", "participants")]
    [InlineData("""{"type":"group","participants":[2.5]}""", "participants")]
    [InlineData("""{"type":"group","participants":[9007199254740992]}""", "participants")]
    [InlineData("""{"type":"group","participants":["../3"]}""", "participants")]
    [InlineData("""{"type":"group","participants":{"0":2}}""", "participants")]
    [InlineData("""{"type":"group","participants":[2],"title":7}""", "title")]
    [InlineData("""{"type":"group","participants":[2],"title":"a\u0000b"}""", "title")]
    public async Task A_wrong_parameter_is_named(string body, string name) =>
        await server.As(server.NewUser()).PostAsync(Threads, body).ShouldRefuseParameterAsync(name);

    [Fact]
    public async Task A_title_of_255_characters_is_taken_and_of_256_refused()
    {
        var client = server.As(server.NewUser());
        var longest = new string('x', 255);
        (await client.PostAsync(Threads, $$"""{"type":"group","participants":[3],"title":"{{longest}}"}""").JsonAsync(HttpStatusCode.Created))
            .GetProperty("thread").Text("title").ShouldBe(longest);
        await client.PostAsync(Threads, $$"""{"type":"group","participants":[3],"title":"{{longest}}x"}""").ShouldRefuseParameterAsync("title");
    }

    [Theory]
    [InlineData("""{"type":"group","participants":[3],"title":null}""")]
    [InlineData("""{"type":"group","participants":[3]}""")]
    public async Task A_thread_needs_no_title(string body) =>
        (await server.As(server.NewUser()).PostAsync(Threads, body).JsonAsync(HttpStatusCode.Created)).GetProperty("thread").Text("title").ShouldBe("");

    [Fact]
    public async Task A_missing_type_is_named() =>
        await server.As(server.NewUser()).PostAsync(Threads, """{"participants":[2,3]}""").ShouldMissAsync("type");

    [Fact]
    public async Task Wrong_parameters_are_named_before_the_caller_is_asked_for()
    {
        await server.Anonymous.PostAsync(Threads, "{}").ShouldMissAsync("type");
        await server.Anonymous.PostAsync(Threads, """{"type":"group","participants":[2]}""").ShouldRefuseAsync(401, "rest_not_logged_in");
    }

    [Theory]
    [InlineData("{\"type\":")]
    [InlineData("[1]")]
    [InlineData("\"group\"")]
    [InlineData("{\"type\":\"gr\\ud83doup\"}")]
    [InlineData("{\"type\":\"group\"} {}")]
    public async Task What_is_no_json_object_is_said_to_be_none(string body) =>
        (await server.As(server.NewUser()).PostAsync(Threads, body).ShouldRefuseAsync(400, "rest_invalid_json"))
            .GetProperty("data").Text("json_error_message").ShouldNotBeEmpty();

    [Fact]
    public async Task Bytes_that_are_no_utf8_are_no_json()
    {
        using var body = new ByteArrayContent([.. "{\"type\":\""u8, 0xFF, .. "\"}"u8]) { Headers = { { "Content-Type", "application/json" } } };
        await server.As(server.NewUser()).PostAsync(Threads, body, Cancel).ShouldRefuseAsync(400, "rest_invalid_json");
    }

    [Fact]
    public async Task Json_nested_ten_thousand_deep_is_refused()
    {
        var deep = "{\"type\":" + new string('[', 10_000) + new string(']', 10_000) + "}";
        await server.As(server.NewUser()).PostAsync(Threads, deep).ShouldRefuseAsync(400, "rest_invalid_json");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413_whether_or_not_its_length_is_declared()
    {
        var client = server.As(server.NewUser());
        var body = Encoding.UTF8.GetBytes($$"""{"type":"group","participants":[2],"title":"{{new string('x', 300_000)}}"}""");
        using var declared = new ByteArrayContent(body) { Headers = { { "Content-Type", "application/json" } } };
        await client.PostAsync(Threads, declared, Cancel).ShouldRefuseAsync(413, "rest_too_large");

        using var chunked = new StreamContent(new MemoryStream(body)) { Headers = { { "Content-Type", "application/json" } } };
        using var request = new HttpRequestMessage(HttpMethod.Post, Threads) { Content = chunked };
        request.Headers.TransferEncodingChunked = true;
        await client.SendAsync(request, Cancel).ShouldRefuseAsync(413, "rest_too_large");
    }

    [Fact]
    public async Task The_list_has_the_callers_own_threads_page_by_page()
    {
        var (alice, bob, dave) = (server.NewUser(), server.NewUser(), server.NewUser());
        var made = new List<long>();
        foreach (var title in new[] { "one", "two", "three" })
        {
            made.Add((await server.As(alice).PostAsync(Threads, $$"""{"type":"group","participants":[{{bob}}],"title":"{{title}}"}""")
                .JsonAsync(HttpStatusCode.Created)).GetProperty("thread").Id());
        }

        var first = await server.As(alice).GetAsync(new Uri(Threads + "?page=1&per_page=2", UriKind.Relative), Cancel).JsonAsync();
        var second = await server.As(alice).GetAsync(new Uri(Threads + "?page=2&per_page=2", UriKind.Relative), Cancel).JsonAsync();
        first.List("threads").Concat(second.List("threads")).Select(thread => thread.Id()).ShouldBe(made, ignoreOrder: true);
        first.GetProperty("pagination").GetRawText().ShouldBe("""{"page":1,"per_page":2,"total":3,"total_pages":2}""");

        var none = await server.As(dave).GetAsync(new Uri(Threads, UriKind.Relative), Cancel).JsonAsync();
        none.GetRawText().ShouldBe("""{"threads":[],"pagination":{"page":1,"per_page":20,"total":0,"total_pages":0}}""");
    }

    [Fact]
    public async Task The_list_can_be_searched_by_title()
    {
        var alice = server.NewUser();
        foreach (var title in new[] { "Team Blue", "Team Red", "Other" })
            await server.As(alice).PostAsync(Threads, $$"""{"type":"group","participants":[3],"title":"{{title}}"}""").JsonAsync(HttpStatusCode.Created);

        var found = await server.As(alice).GetAsync(new Uri(Threads + "?search=team", UriKind.Relative), Cancel).JsonAsync();
        found.List("threads").Select(thread => thread.Text("title")).ShouldBe(["Team Blue", "Team Red"], ignoreOrder: true);
        found.GetProperty("pagination").GetProperty("total").GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task The_list_shows_the_last_message_and_how_many_are_unread()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var id = await server.PrivateThreadAsync(alice, bob);
        await server.SendAsync(alice, id, "first");
        await server.SendAsync(alice, id, "second");

        var thread = (await server.As(bob).GetAsync(new Uri(Threads, UriKind.Relative), Cancel).JsonAsync()).List("threads").ShouldHaveSingleItem();
        thread.GetProperty("last_message").Text("content").ShouldBe("second");
        thread.GetProperty("last_message").Id("sender_id").ShouldBe(alice);
        thread.GetProperty("last_message").GetRawText().ShouldBe(
            (await server.GetAsync(bob, $"{Threads}/{id}/messages?limit=1").JsonAsync()).List("messages").ShouldHaveSingleItem().GetRawText());
        thread.Text("updated_at_gmt").ShouldBe(thread.GetProperty("last_message").Text("created_at_gmt"));
        thread.GetProperty("unread_count").GetInt32().ShouldBe(2);
    }

    [Theory]
    [InlineData("?per_page=0", "per_page")]
    [InlineData("?per_page=101", "per_page")]
    [InlineData("?per_page=ten", "per_page")]
    [InlineData("?page=0", "page")]
    [InlineData("?page=1.5", "page")]
    public async Task A_page_that_is_none_is_named(string query, string name) =>
        await server.As(server.NewUser()).GetAsync(new Uri(Threads + query, UriKind.Relative), Cancel).ShouldRefuseParameterAsync(name);

    [Theory]
    [InlineData("DELETE", Threads)]
    [InlineData("PUT", Threads + "/1")]
    [InlineData("GET", Threads + "/1")]
    [InlineData("GET", "/wp-json/chatpulse-chat/v1/nope")]
    [InlineData("GET", "/wp-json/other/v1/threads")]
    [InlineData("POST", Threads + "/abc")]
    [InlineData("POST", Threads + "/-1")]
    [InlineData("POST", Threads + "/1%2F..%2F2")]
    [InlineData("GET", Threads + "/1.5/messages")]
    public async Task What_is_no_route_is_404_in_wordpress_words(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method is "POST")
            request.Content = new StringContent("""{"content":"x"}""", Encoding.UTF8, "application/json");
        await server.As(server.NewUser()).SendAsync(request, Cancel).ShouldRefuseAsync(404, "rest_no_route");
    }
}
