using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Rest;

/// <summary><c>/messages/{id}</c>: edits and deletes a message, and reacts to it. Sockets are told as if it had been done through one.</summary>
internal sealed class MessageChangeRoutes(IEmbeddedStore store, ChatService chat)
{
    public IEnumerable<RestRoute> For(string path) =>
    [
        new(HttpMethods.Patch, path + "/messages/{message_id}", [new("message_id", Required: true), new("content", Required: true)], EditAsync),
        new(HttpMethods.Delete, path + "/messages/{message_id}", [new("message_id", Required: true)], DeleteAsync),
        new(HttpMethods.Post, path + "/messages/{message_id}/reactions",
            [new("message_id", Required: true), new("emoji", Required: true), new("remove")], ReactAsync),
    ];

    private Task EditAsync(RestCall call)
    {
        var messageId = call.PathId("message_id");
        var content = call.Parameters.Text("content").Trim();
        call.Parameters.Check("content", () => StoreInput.RequireContent(content));
        return ChangeAsync(call, messageId, (userId, threadId) => chat.EditAsync(userId, threadId, messageId, content, call.Aborted));
    }

    private Task DeleteAsync(RestCall call)
    {
        var messageId = call.PathId("message_id");
        return ChangeAsync(call, messageId, (userId, threadId) => chat.DeleteAsync(userId, threadId, messageId, call.Aborted));
    }

    private Task ReactAsync(RestCall call)
    {
        var messageId = call.PathId("message_id");
        var emoji = call.Parameters.Text("emoji");
        var remove = call.Parameters.Has("remove") && call.Parameters.Flag("remove");
        call.Parameters.Check("emoji", () => StoreInput.RequireEmoji(emoji));
        return ChangeAsync(call, messageId, (userId, threadId) => chat.ReactAsync(userId, threadId, messageId, emoji, remove, call.Aborted));
    }

    private async Task ChangeAsync(RestCall call, long messageId, Func<long, long, ValueTask<ChatMessage>> change)
    {
        var user = await call.UserAsync();
        ChatMessage changed;
        try
        {
            var threadId = await ThreadOfAsync(user.UserId, messageId, call.Aborted);
            changed = await change(user.UserId, threadId);
        }
        catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.NotFound)
        {
            throw RestException.MessageNotFound(refusal);
        }
        catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.Forbidden)
        {
            throw new RestException(
                StatusCodes.Status403Forbidden, "rest_cannot_edit_message", "Sorry, you are not allowed to change this message.", refusal);
        }
        catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.TooLarge)
        {
            // How long a parameter may be was checked before: what is too much now are the emoji that are there already.
            throw new RestException(StatusCodes.Status400BadRequest, "too_many_reactions", refusal.Message, refusal);
        }

        await call.AnswerAsync(new ChangedMessageAnswer(RestMessage.From(changed)), RestJson.Wire.ChangedMessageAnswer);
    }

    private async ValueTask<long> ThreadOfAsync(long userId, long messageId, CancellationToken cancellationToken)
    {
        try
        {
            return await store.ThreadOfAsync(userId, messageId, cancellationToken);
        }
        catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.Forbidden)
        {
            throw RestException.CannotAccessThread();
        }
    }
}
