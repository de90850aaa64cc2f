using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Rest;

/// <summary><c>/threads/{id}/typing</c>: says that the caller types, and who does.</summary>
internal sealed class TypingRoutes(IChatStore store, ChatService chat, ThreadAccess access)
{
    public IEnumerable<RestRoute> For(string path) =>
    [
        new(HttpMethods.Post, path + "/threads/{thread_id}/typing", [new("thread_id", Required: true), new("is_typing", Required: true)], SetAsync),
        new(HttpMethods.Get, path + "/threads/{thread_id}/typing", [new("thread_id", Required: true)], ListAsync),
    ];

    private async Task SetAsync(RestCall call)
    {
        var threadId = call.PathId("thread_id");
        var isTyping = call.Parameters.Flag("is_typing");
        var user = await call.UserAsync();
        await access.CheckAsync(user.UserId, threadId, call.Aborted);

        await chat.SetTypingAsync(user.UserId, threadId, isTyping, call.Aborted);
        await call.AnswerAsync(new TypingAnswer(Success: true, threadId, isTyping), RestJson.Wire.TypingAnswer);
    }

    private async Task ListAsync(RestCall call)
    {
        var threadId = call.PathId("thread_id");
        var user = await call.UserAsync();
        await access.CheckAsync(user.UserId, threadId, call.Aborted);

        var typists = new List<RestTypist>();
        foreach (var id in chat.TypingUsers(threadId))
        {
            if (await store.FindUserAsync(id, call.Aborted) is { } typist)
                typists.Add(new RestTypist(typist.Id, typist.DisplayName));
        }

        await call.AnswerAsync(new TypingUsersAnswer(threadId, typists), RestJson.Wire.TypingUsersAnswer);
    }
}
