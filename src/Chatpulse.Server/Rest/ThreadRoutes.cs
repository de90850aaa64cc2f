using System.Collections.Immutable;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Rest;

/// <summary><c>/threads</c>: the caller's conversations, and new ones.</summary>
internal sealed class ThreadRoutes(IChatStore store, ChatService chat)
{
    public IEnumerable<RestRoute> For(string path) =>
    [
        new(HttpMethods.Get, path + "/threads", [new("page", Default: 1), new("per_page", Default: 20), new("search", Default: "")], ListAsync),
        new(HttpMethods.Get, path + "/users/{user_id}/threads",
            [new("user_id", Required: true), new("page", Default: 1), new("per_page", Default: 20), new("search", Default: "")], ListOfUserAsync),
        new(HttpMethods.Post, path + "/threads", [new("type", Required: true), new("title"), new("participants")], CreateAsync),
    ];

    private Task ListAsync(RestCall call) => ListAsync(call, ofUser: null);

    private Task ListOfUserAsync(RestCall call) => ListAsync(call, call.PathId("user_id"));

    private async Task ListAsync(RestCall call, long? ofUser)
    {
        var page = call.Parameters.Integer("page", 1, min: 1, max: 1_000_000);
        var perPage = call.Parameters.Integer("per_page", 20, min: 1, max: 100);
        var search = call.Parameters.Text("search", "", text => text.Length > StoreLimits.SearchLength ? $"must be at most {StoreLimits.SearchLength} characters" : null);
        var user = await call.UserAsync();
        if (ofUser is not null && ofUser != user.UserId)
            throw new RestException(StatusCodes.Status403Forbidden, "rest_forbidden", "Sorry, you are not allowed to do that.");

        var found = await store.ThreadsAsync(user.UserId, page, perPage, search.Length == 0 ? null : search, call.Aborted);
        await call.AnswerAsync(
            new ThreadsAnswer(
                [.. found.Threads.Select(RestThread.From)],
                new RestPagination(page, perPage, found.Total, (found.Total + perPage - 1) / perPage)),
            RestJson.Wire.ThreadsAnswer);
    }

    private async Task CreateAsync(RestCall call)
    {
        var type = call.Parameters.Text("type", check: text => text is ThreadTypes.Private or ThreadTypes.Group ? null : "must be private or group");
        var title = call.Parameters.OptionalText("title", CheckTitle)?.Trim();
        var participants = call.Parameters.Ids("participants", StoreLimits.Participants);
        var user = await call.UserAsync();

        if (participants is null or [])
            throw new RestException(StatusCodes.Status400BadRequest, "invalid_participants", "Participants must be provided as an array of user IDs.");

        // Front ends name the caller too, in either place: a private thread is for the caller and the one other.
        var others = participants.Where(id => id != user.UserId).ToImmutableArray();
        if (type is ThreadTypes.Private && others.Length != 1)
            throw new RestException(StatusCodes.Status400BadRequest, "invalid_participants_count", "Private chats must have exactly one other participant.");

        CreatedThread made;
        try
        {
            made = await chat.CreateThreadAsync(user.UserId, type, title, others, call.Aborted);
        }
        catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.Invalid or ChatErrorCodes.NotFound)
        {
            throw new RestException(StatusCodes.Status400BadRequest, "invalid_participant", refusal.Message, refusal);
        }

        await call.AnswerAsync(
            new ThreadAnswer(RestThread.From(made.Thread), made.Created ? "Thread created successfully." : "Thread already exists."),
            RestJson.Wire.ThreadAnswer,
            made.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private static string? CheckTitle(string title) =>
        title.Length > StoreLimits.TitleLength ? $"must be at most {StoreLimits.TitleLength} characters"
        : title.Any(char.IsControl) ? "must not contain control characters"
        : null;
}
