using Chatpulse.Server.Presence;
using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Rest;

/// <summary><c>/users</c>, the people one can write to, and the part of WordPress's own <c>/wp/v2/users</c> that chat front ends ask for.</summary>
internal sealed class UserRoutes(IChatStore store, PresenceTracker presence)
{
    public IEnumerable<RestRoute> For(string path) =>
    [
        new(HttpMethods.Get, path + "/users",
            [new("exclude", Default: RestArgument.EmptyList), new("include", Default: RestArgument.EmptyList), new("per_page", Default: 20),
                new("search", Default: ""), new("role", Default: "")], ListAsync),
        new(HttpMethods.Get, "/wp/v2/users/me", [new("context", Default: "view")], MeAsync),
        new(HttpMethods.Get, "/wp/v2/users/{id}", [new("id", Required: true), new("context", Default: "view")], OneAsync),
    ];

    private async Task ListAsync(RestCall call)
    {
        var search = call.Parameters.Text("search", "", text => text.Length > StoreLimits.SearchLength ? $"must be at most {StoreLimits.SearchLength} characters" : null);
        var include = call.Parameters.Ids("include", StoreLimits.IdsPerCall, alsoPlain: true) ?? [];
        var exclude = call.Parameters.Ids("exclude", StoreLimits.IdsPerCall, alsoPlain: true) ?? [];
        var perPage = call.Parameters.Integer("per_page", 20, min: 1, max: 100);
        var role = call.Parameters.Text("role", "");
        var caller = await call.UserAsync();

        // Everybody here has the same role, so any other finds nobody.
        var users = role is "" or RestUser.Role
            ? await store.UsersAsync(new UserQuery(search.Length == 0 ? null : search, include, exclude, perPage), call.Aborted)
            : [];

        // Anybody can be found and written to, but whether they are there is for those who share a thread with them.
        HashSet<long> visible = [.. await store.ContactsAsync(caller.UserId, call.Aborted), caller.UserId];
        await call.AnswerAsync(
            [.. users.Select(user => RestUser.From(user, visible.Contains(user.Id) ? presence.Find(user.Id) : null))], RestJson.Wire.IReadOnlyListRestUser);
    }

    private async Task MeAsync(RestCall call)
    {
        var edit = Edits(call);
        var user = await call.UserAsync();
        await AnswerAsync(call, user.UserId, edit);
    }

    private async Task OneAsync(RestCall call)
    {
        var id = call.PathId("id");
        var edit = Edits(call);
        var user = await call.UserAsync();

        // Others are seen in the list and in threads; WordPress shows a single user's page to that user only.
        if (id != user.UserId && await store.FindUserAsync(id, call.Aborted) is not null)
            throw new RestException(StatusCodes.Status403Forbidden, "rest_user_cannot_view", "Sorry, you are not allowed to list users.");
        await AnswerAsync(call, id, edit);
    }

    private static bool Edits(RestCall call) => call.Parameters.Text("context", "view", text =>
        text is "view" or "embed" or "edit" ? null : "must be one of view, embed, edit") is "edit";

    private async Task AnswerAsync(RestCall call, long id, bool edit)
    {
        var user = await store.FindUserAsync(id, call.Aborted)
            ?? throw new RestException(StatusCodes.Status404NotFound, "rest_user_invalid_id", "Invalid user ID.");
        await call.AnswerAsync(WordPressUser.From(user, edit), RestJson.Wire.WordPressUser);
    }
}
