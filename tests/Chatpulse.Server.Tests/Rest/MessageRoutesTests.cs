using System.Net;
using System.Text;
using System.Text.Json;
using Shouldly;

namespace Chatpulse.Server.Tests.Rest;

public sealed class MessageRoutesTests(DevelopmentServer server) : IClassFixture<DevelopmentServer>
{
    private const string Base = "/wp-json/chatpulse-chat/v1";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_is_stored_and_answered_whole()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);

        var answer = await server.As(alice).PostAsync($"{Base}/threads/{thread}",
                $$"""{"sender_id":{{alice}},"content":"  Grüße 😀 <b>x</b> & 1 < 2 ","content_type":"text/plain","attachment_ids":[]}""")
            .JsonAsync(HttpStatusCode.Created);

        answer.Names().ShouldBe(["message", "success"]);
        answer.GetProperty("success").GetBoolean().ShouldBeTrue();
        var message = answer.GetProperty("message");
        message.Names().ShouldBe([
            "id", "thread_id", "sender_id", "sender_name", "sender_email", "content", "content_type", "status", "created_at", "updated_at",
            "attachments", "created_at_gmt", "updated_at_gmt", "edited_at_gmt", "deleted_at_gmt", "reactions", "client_id"]);
        message.Id("thread_id").ShouldBe(thread);
        message.Id("sender_id").ShouldBe(alice);
        message.Text("content").ShouldBe("Grüße 😀 <b>x</b> & 1 < 2");
        message.Text("content_type").ShouldBe("text/plain");
        message.Text("status").ShouldBe("sent");
        message.Text("created_at").ShouldMatch(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$");
        message.GetProperty("attachments").GetArrayLength().ShouldBe(0);

        var history = await server.GetAsync(bob, $"{Base}/threads/{thread}/messages").JsonAsync();
        history.List("messages").ShouldHaveSingleItem().GetRawText().ShouldBe(message.GetRawText());
        history.GetProperty("has_more").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task A_form_does_as_well_as_json()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);
        using var form = new FormUrlEncodedContent([new("sender_id", $"{alice}"), new("content", "form body"), new("content_type", "text/markdown")]);

        var message = (await server.As(alice).PostAsync($"{Base}/threads/{thread}", form, Cancel).JsonAsync(HttpStatusCode.Created)).GetProperty("message");

        message.Text("content").ShouldBe("form body");
        message.Text("content_type").ShouldBe("text/markdown");
    }

    [Fact]
    public async Task Nobody_speaks_for_somebody_else()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);
        await server.As(bob).PostAsync($"{Base}/threads/{thread}", $$"""{"content":"spoof?","sender_id":{{alice}}}""").ShouldRefuseAsync(403, "rest_forbidden_sender");
        (await server.GetAsync(alice, $"{Base}/threads/{thread}/messages").JsonAsync()).List("messages").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_private_thread_is_closed_to_everybody_else_on_every_route()
    {
        var (alice, bob, carol) = (server.NewUser(), server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);
        var message = await server.SendAsync(alice, thread, "secret");
        var client = server.As(carol);

        await client.PostAsync($"{Base}/threads/{thread}", """{"content":"x"}""").ShouldRefuseAsync(403, "rest_cannot_access_thread");
        await client.PostAsync($"{Base}/threads/{thread}/read", "{}").ShouldRefuseAsync(403, "rest_cannot_access_thread");
        await client.PostAsync($"{Base}/threads/{thread}/typing", """{"is_typing":true}""").ShouldRefuseAsync(403, "rest_cannot_access_thread");
        await server.GetAsync(carol, $"{Base}/threads/{thread}/messages").ShouldRefuseAsync(403, "rest_cannot_access_thread");
        await server.GetAsync(carol, $"{Base}/threads/{thread}/typing").ShouldRefuseAsync(403, "rest_cannot_access_thread");
        await server.GetAsync(carol, $"{Base}/messages/{message}/receipts").ShouldRefuseAsync(403, "rest_cannot_access_thread");
    }

    [Fact]
    public async Task Nobody_is_let_in_without_a_name_or_with_a_wrong_one()
    {
        await server.Anonymous.PostAsync($"{Base}/threads/2", """{"content":"x"}""").ShouldRefuseAsync(401, "rest_not_logged_in");
        foreach (var name in new[] { "0", "-2", "1.5", "abc", "9007199254740992", "2, 3" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{Base}/threads");
            request.Headers.TryAddWithoutValidation("X-Chatpulse-User", name);
            await server.Anonymous.SendAsync(request, Cancel).ShouldRefuseAsync(401, "rest_not_logged_in");
        }
    }

    [Theory]
    [InlineData("""{"content":""}""", "content")]
    [InlineData("""{"content":"  \n "}""", "content")]
    [InlineData("""{"content":123}""", "content")]
    [InlineData("""{"content":["x"]}""", "content")]
    [InlineData("""{"content":"a\u0000b"}""", "content")]
    [InlineData("""{"content":"x","content_type":"text/html"}""", "content_type")]
    [InlineData("""{"content":"x","content_type":7}""", "content_type")]
    [InlineData("""{"content":"x","attachment_ids":"7"}""", "attachment_ids")]
    [InlineData("""{"content":"x","attachment_ids":[0]}""", "attachment_ids")]
    [InlineData("""{"content":"x","attachment_ids":[1,2,3,4,5,6,7,8,9,10,11]}""", "attachment_ids")]
    [InlineData("""{"content":"x","attachment_ids":[999999]}""", "attachment_ids")]
    [InlineData("""{"content":"x","sender_id":"../1"}""", "sender_id")]
    [InlineData("""{"content":"x","client_id":7}""", "client_id")]
    [InlineData("""{"content":"x","client_id":""}""", "client_id")]
    [InlineData("""{"content":"x","client_id":"a\u0000"}""", "client_id")]
    public async Task A_wrong_parameter_is_named(string body, string name)
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);
        await server.As(alice).PostAsync($"{Base}/threads/{thread}", body).ShouldRefuseParameterAsync(name);
    }

    [Fact]
    public async Task Ten_thousand_characters_are_a_message_and_one_more_is_not()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);
        var longest = new string('x', 10_000);
        (await server.As(alice).PostAsync($"{Base}/threads/{thread}", $$"""{"content":"{{longest}}"}""").JsonAsync(HttpStatusCode.Created))
            .GetProperty("message").Text("content").ShouldBe(longest);
        await server.As(alice).PostAsync($"{Base}/threads/{thread}", $$"""{"content":"{{longest}}x"}""").ShouldRefuseParameterAsync("content");
    }

    [Fact]
    public async Task A_missing_content_is_named_before_the_caller_is_asked_for() =>
        await server.Anonymous.PostAsync($"{Base}/threads/2", "{}").ShouldMissAsync("content");

    [Theory]
    [InlineData("0")]
    [InlineData("9007199254740992")]
    [InlineData("99999999999999999999999999")]
    public async Task A_thread_id_that_is_none_is_named(string id) =>
        await server.As(server.NewUser()).PostAsync($"{Base}/threads/{id}", """{"content":"x"}""").ShouldRefuseParameterAsync("thread_id");

    [Fact]
    public async Task History_is_oldest_first_and_pages_back_by_id_without_losing_what_shares_a_second()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);
        var sent = new List<long>();
        for (var i = 0; i < 25; i++)
            sent.Add(await server.SendAsync(alice, thread, $"message {i}"));

        var seen = new List<long>();
        var query = "?limit=10";
        while (true)
        {
            var page = await server.GetAsync(bob, $"{Base}/threads/{thread}/messages{query}").JsonAsync();
            var ids = page.List("messages").Select(message => message.Id()).ToList();
            ids.ShouldBeInOrder();
            seen.InsertRange(0, ids);
            if (!page.GetProperty("has_more").GetBoolean())
                break;
            ids.Count.ShouldBe(10);
            query = $"?limit=10&before_id={ids[0]}";
        }

        seen.ShouldBe(sent);
        (await server.GetAsync(bob, $"{Base}/threads/{thread}/messages?after_id={sent[21]}").JsonAsync())
            .List("messages").Select(message => message.Id()).ShouldBe(sent[22..]);
        (await server.GetAsync(bob, $"{Base}/threads/{thread}/messages?after_id=0&limit=3").JsonAsync())
            .List("messages").Select(message => message.Id()).ShouldBe(sent[..3]);
    }

    [Fact]
    public async Task History_before_a_time_has_what_is_older()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);
        var sent = await server.SendAsync(alice, thread, "now");

        foreach (var later in new[] { "2999-01-01 00:00:00", "2999-01-01T00:00:00Z", "2999-01-01T00:00:00.000%2B02:00", "" })
        {
            (await server.GetAsync(bob, $"{Base}/threads/{thread}/messages?limit=1&before={later}").JsonAsync())
                .List("messages").ShouldHaveSingleItem().Id().ShouldBe(sent);
        }

        (await server.GetAsync(bob, $"{Base}/threads/{thread}/messages?before=2000-01-01 00:00:00").JsonAsync())
            .GetRawText().ShouldBe("""{"messages":[],"has_more":false}""");
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=101", "limit")]
    [InlineData("limit=many", "limit")]
    [InlineData("before=garbage", "before")]
    [InlineData("before_id=0", "before_id")]
    [InlineData("after_id=-1", "after_id")]
    [InlineData("before_id=1&after_id=1", "after_id")]
    [InlineData("before_id=1&before=2999-01-01", "before")]
    public async Task A_page_that_is_none_is_named(string query, string name) =>
        await server.GetAsync(server.NewUser(), $"{Base}/threads/77/messages?{query}").ShouldRefuseParameterAsync(name);

    [Fact]
    public async Task Reading_one_counts_it_once_and_reading_all_counts_the_rest()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);
        var first = await server.SendAsync(alice, thread, "1");
        await server.SendAsync(alice, thread, "2");
        await server.SendAsync(alice, thread, "3");
        await server.SendAsync(bob, thread, "my own");
        var read = $"{Base}/threads/{thread}/read";

        await Marked($$"""{"message_id":{{first}}}""", 1);
        await Marked($$"""{"message_id":"{{first}}"}""", 0);
        await Marked("""{"message_id":99999999}""", 0);
        await Marked("[]", 2);
        await Marked("{}", 0);
        (await server.As(bob).PostAsync(read, content: null, Cancel).JsonAsync())
            .GetRawText().ShouldBe("""{"success":true,"marked_count":0,"receipts":[]}""");

        async Task Marked(string body, int count) =>
            (await server.As(bob).PostAsync(read, body).JsonAsync()).GetProperty("marked_count").GetInt32().ShouldBe(count);
    }

    [Fact]
    public async Task Several_are_read_in_one_call_which_passes_over_what_is_elsewhere_and_answers_the_receipts()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);
        var elsewhere = await server.SendAsync(alice, await server.PrivateThreadAsync(alice, server.NewUser()), "not here");
        var (first, second) = (await server.SendAsync(alice, thread, "1"), await server.SendAsync(alice, thread, "2"));
        await server.SendAsync(alice, thread, "3");
        var read = $"{Base}/threads/{thread}/read";

        (await server.As(bob).PostAsync(read, """{"message_ids":[]}""").JsonAsync()).GetProperty("marked_count").GetInt32().ShouldBe(0);
        var answer = await server.As(bob).PostAsync(read, $$"""{"message_id":{{second}},"message_ids":[{{second}},{{first}},{{elsewhere}}]}""").JsonAsync();

        answer.GetProperty("marked_count").GetInt32().ShouldBe(2);
        var receipts = answer.List("receipts").ToList();
        receipts.Select(receipt => receipt.Id("message_id")).ShouldBe([first, second]);
        receipts[0].Names().ShouldBe(["message_id", "read_at", "read_at_gmt"]);
        receipts[0].Text("read_at").ShouldMatch(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$");
        receipts[0].Text("read_at_gmt").ShouldMatch(@"^\d{4}-\d\d-\d\dT.*Z$");
        (await server.GetAsync(alice, $"{Base}/messages/{elsewhere}/receipts").JsonAsync()).GetProperty("read_count").GetInt32().ShouldBe(0);
    }

    [Theory]
    [InlineData("""{"message_ids":5}""")]
    [InlineData("""{"message_ids":[0]}""")]
    [InlineData("""{"message_ids":["x"]}""")]
    public async Task Message_ids_that_are_none_are_named(string body) =>
        await server.As(server.NewUser()).PostAsync($"{Base}/threads/77/read", body).ShouldRefuseParameterAsync("message_ids");

    [Fact]
    public async Task A_client_id_names_one_message_of_a_sender_in_a_thread_however_often_it_is_sent()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);
        await using var listener = await server.Server.JoinAsync(bob, thread);
        var path = $"{Base}/threads/{thread}";
        var first = await server.As(alice).PostAsync(path, """{"content":"once","client_id":"c-1"}""").JsonAsync(HttpStatusCode.Created);
        first.GetProperty("message").Text("client_id").ShouldBe("c-1");

        var again = await server.As(alice).PostAsync(path, """{"content":"once","client_id":"c-1"}""").JsonAsync();

        again.Names().ShouldBe(["message", "success", "already_stored"]);
        again.GetProperty("already_stored").GetBoolean().ShouldBeTrue();
        again.GetProperty("message").Id().ShouldBe(first.GetProperty("message").Id());
        await server.As(bob).PostAsync(path, """{"content":"another's","client_id":"c-1"}""").JsonAsync(HttpStatusCode.Created);
        (await listener.AllAsync("message")).Select(message => message.Text("content")).ShouldBe(["once", "another's"]);
    }

    [Theory]
    [InlineData("""{"message_id":0}""")]
    [InlineData("""{"message_id":"1 OR 1"}""")]
    [InlineData("""{"message_id":[1]}""")]
    [InlineData("""{"message_id":1e400}""")]
    public async Task A_message_id_that_is_none_is_named(string body) =>
        await server.As(server.NewUser()).PostAsync($"{Base}/threads/77/read", body).ShouldRefuseParameterAsync("message_id");

    [Fact]
    public async Task Receipts_say_who_has_read_and_when()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);
        var message = await server.SendAsync(alice, thread, "read me");
        (await server.GetAsync(alice, $"{Base}/messages/{message}/receipts").JsonAsync())
            .GetRawText().ShouldBe($$"""{"message_id":{{message}},"read_receipts":[],"read_count":0}""");

        await server.As(bob).PostAsync($"{Base}/threads/{thread}/read", "{}").JsonAsync();

        var receipts = await server.GetAsync(alice, $"{Base}/messages/{message}/receipts").JsonAsync();
        receipts.GetProperty("read_count").GetInt32().ShouldBe(1);
        var receipt = receipts.List("read_receipts").ShouldHaveSingleItem();
        receipt.Names().ShouldBe(["user_id", "user_name", "user_email", "read_at"]);
        receipt.Id("user_id").ShouldBe(bob);
        receipt.Text("read_at").ShouldMatch(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$");
    }

    [Fact]
    public async Task Receipts_of_no_message_are_404()
    {
        await server.GetAsync(server.NewUser(), $"{Base}/messages/99999999/receipts").ShouldRefuseAsync(404, "message_not_found");
        await server.GetAsync(server.NewUser(), $"{Base}/messages/0/receipts").ShouldRefuseParameterAsync("message_id");
    }

    [Fact]
    public async Task Typing_is_set_shown_and_cleared()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);
        var typing = $"{Base}/threads/{thread}/typing";

        (await server.As(alice).PostAsync(typing, """{"is_typing":true}""").JsonAsync())
            .GetRawText().ShouldBe($$"""{"success":true,"thread_id":{{thread}},"is_typing":true}""");
        var shown = await server.GetAsync(bob, typing).JsonAsync();
        shown.Id("thread_id").ShouldBe(thread);
        shown.List("typing_users").ShouldHaveSingleItem().Id().ShouldBe(alice);
        shown.List("typing_users").Single().Names().ShouldBe(["id", "name"]);

        (await server.As(alice).PostAsync(typing, """{"is_typing":"0"}""").JsonAsync()).GetProperty("is_typing").GetBoolean().ShouldBeFalse();
        (await server.GetAsync(bob, typing).JsonAsync()).List("typing_users").ShouldBeEmpty();
    }

    [Fact]
    public async Task Typing_that_is_neither_yes_nor_no_is_refused()
    {
        var client = server.As(server.NewUser());
        await client.PostAsync($"{Base}/threads/77/typing", "{}").ShouldMissAsync("is_typing");
        await client.PostAsync($"{Base}/threads/77/typing", """{"is_typing":"maybe"}""").ShouldRefuseParameterAsync("is_typing");
        await client.PostAsync($"{Base}/threads/77/typing", """{"is_typing":{}}""").ShouldRefuseParameterAsync("is_typing");
    }

    [Fact]
    public async Task Text_that_looks_like_sql_or_a_path_is_text()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        var thread = await server.PrivateThreadAsync(alice, bob);
        const string Text = """'); DROP TABLE chatpulse_messages; -- ../../etc/passwd "\ %00 {{x}}""";
        using var body = new StringContent(JsonSerializer.Serialize(new Dictionary<string, string>(StringComparer.Ordinal) { ["content"] = Text }), Encoding.UTF8, "application/json");
        (await server.As(alice).PostAsync($"{Base}/threads/{thread}", body, Cancel).JsonAsync(HttpStatusCode.Created))
            .GetProperty("message").Text("content").ShouldBe(Text);
    }
}
