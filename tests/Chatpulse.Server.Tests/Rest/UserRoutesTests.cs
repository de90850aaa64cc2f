using System.Globalization;
using Shouldly;

namespace Chatpulse.Server.Tests.Rest;

public sealed class UserRoutesTests(DevelopmentServer server) : IClassFixture<DevelopmentServer>
{
    private const string Users = "/wp-json/chatpulse-chat/v1/users";

    [Fact]
    public async Task The_list_is_a_bare_array_of_people_without_addresses()
    {
        var alice = server.NewUser();
        await server.NameAsync(alice, "Ålice Liddell");

        var users = await server.GetAsync(alice, $"{Users}?include[]={alice}").JsonAsync();

        users.ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Array);
        var user = users.EnumerateArray().ShouldHaveSingleItem();
        user.Names().ShouldBe(["id", "name", "username", "avatar_url", "roles", "capabilities", "last_active", "is_online"]);
        user.Id().ShouldBe(alice);
        user.Text("name").ShouldBe("Ålice Liddell");
        user.Text("username").ShouldBe("lice-liddell");
        user.List("roles").Select(role => role.GetString()).ShouldBe(["subscriber"]);
        user.GetProperty("is_online").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task The_list_takes_ids_as_repeated_parameters_as_one_and_with_commas()
    {
        var (alice, bob, carol) = (server.NewUser(), server.NewUser(), server.NewUser());
        foreach (var id in new[] { alice, bob, carol })
            await server.NameAsync(id, "User of this test");

        await Found($"?include[]={alice}&include[]={bob}", alice, bob);
        await Found($"?include[0]={alice}&include[1]={carol}", alice, carol);
        await Found($"?include={alice},{bob},{carol}&exclude={bob}", alice, carol);
        await Found($"?include={alice},{bob},{carol}&per_page=2&exclude=", alice, bob);
        await Found($"?include={carol}&role=subscriber", carol);
        await Found($"?include={carol}&role=administrator");

        async Task Found(string query, params long[] ids) =>
            (await server.GetAsync(alice, Users + query).JsonAsync()).EnumerateArray().Select(user => user.Id()).ShouldBe(ids, ignoreOrder: true);
    }

    [Fact]
    public async Task The_list_can_be_searched_by_name()
    {
        var alice = server.NewUser();
        await server.NameAsync(alice, "Zoë Unmistakable");
        (await server.GetAsync(alice, $"{Users}?search=unmist").JsonAsync()).EnumerateArray().ShouldHaveSingleItem().Id().ShouldBe(alice);
    }

    [Fact]
    public async Task Whether_somebody_is_there_is_for_those_who_share_a_thread_with_them()
    {
        const int thread = 456;
        var (alice, bob, stranger) = (server.NewUser(), server.NewUser(), server.NewUser());
        await using var chat = await TestServer.StartAsync();
        await using var hers = await chat.JoinAsync(alice, thread);
        await using var his = await chat.JoinAsync(bob, thread);

        (await IsSeenByAsync(alice)).ShouldBeTrue();
        (await IsSeenByAsync(bob)).ShouldBeTrue();
        (await IsSeenByAsync(stranger)).ShouldBeFalse();

        async Task<bool> IsSeenByAsync(long caller)
        {
            var client = chat.Client(("X-Chatpulse-User", caller.ToString(CultureInfo.InvariantCulture)));
            var users = await client.GetAsync(new Uri($"{Users}?include={alice}", UriKind.Relative), TestContext.Current.CancellationToken).JsonAsync();
            var user = users.EnumerateArray().ShouldHaveSingleItem();
            var isOnline = user.GetProperty("is_online").GetBoolean();
            (user.Text("last_active").Length > 0).ShouldBe(isOnline);
            return isOnline;
        }
    }

    [Theory]
    [InlineData("per_page=0", "per_page")]
    [InlineData("per_page=101", "per_page")]
    [InlineData("include[]=abc", "include")]
    [InlineData("exclude=1,,2", "exclude")]
    [InlineData("exclude=-1", "exclude")]
    public async Task A_wrong_parameter_is_named(string query, string name) =>
        await server.GetAsync(server.NewUser(), $"{Users}?{query}").ShouldRefuseParameterAsync(name);

    [Fact]
    public async Task Nobody_unknown_sees_people()
    {
        await server.Anonymous.GetAsync(new Uri(Users, UriKind.Relative), TestContext.Current.CancellationToken).ShouldRefuseAsync(401, "rest_not_logged_in");
        await server.Anonymous.GetAsync(new Uri("/wp-json/wp/v2/users/me", UriKind.Relative), TestContext.Current.CancellationToken)
            .ShouldRefuseAsync(401, "rest_not_logged_in");
    }

    [Fact]
    public async Task A_user_sees_their_own_page_and_more_of_it_to_edit()
    {
        var alice = server.NewUser();
        await server.NameAsync(alice, "Alice");

        var me = await server.GetAsync(alice, "/wp-json/wp/v2/users/me").JsonAsync();
        me.Id().ShouldBe(alice);
        me.Text("name").ShouldBe("Alice");
        me.Text("slug").ShouldBe("alice");
        me.GetProperty("avatar_urls").Names().ShouldBe(["24", "48", "96"]);
        me.TryGetProperty("email", out _).ShouldBeFalse();

        (await server.GetAsync(alice, $"/wp-json/wp/v2/users/{alice}").JsonAsync()).GetRawText().ShouldBe(me.GetRawText());
        (await server.GetAsync(alice, "/wp-json/wp/v2/users/me?context=edit").JsonAsync()).Text("username").ShouldBe("alice");
    }

    [Fact]
    public async Task Other_peoples_pages_are_refused_and_nobodys_is_not_found()
    {
        var (alice, bob) = (server.NewUser(), server.NewUser());
        await server.NameAsync(bob, "Bob");
        await server.GetAsync(alice, $"/wp-json/wp/v2/users/{bob}").ShouldRefuseAsync(403, "rest_user_cannot_view");
        await server.GetAsync(alice, "/wp-json/wp/v2/users/987654321").ShouldRefuseAsync(404, "rest_user_invalid_id");
        await server.GetAsync(alice, "/wp-json/wp/v2/users/me2").ShouldRefuseAsync(404, "rest_no_route");
    }
}
