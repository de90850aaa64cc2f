using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Rest;

/// <summary><c>/threads/{id}/participants</c>: who is in a thread, and who comes and goes.</summary>
internal sealed class ParticipantRoutes(IEmbeddedStore store, ChatService chat, LiveAccess live, ThreadAccess access)
{
    public IEnumerable<RestRoute> For(string path) =>
    [
        new(HttpMethods.Get, path + "/threads/{thread_id}/participants", [new("thread_id", Required: true)], ListAsync),
        new(HttpMethods.Post, path + "/threads/{thread_id}/participants", [new("thread_id", Required: true), new("user_ids", Required: true)], AddAsync),
        new(HttpMethods.Delete, path + "/threads/{thread_id}/participants/{user_id}",
            [new("thread_id", Required: true), new("user_id", Required: true)], RemoveAsync),
    ];

    private async Task ListAsync(RestCall call)
    {
        var threadId = call.PathId("thread_id");
        var user = await call.UserAsync();
        await access.CheckAsync(user.UserId, threadId, call.Aborted);

        var thread = await store.ThreadAsync(user.UserId, threadId, call.Aborted);
        await call.AnswerAsync(
            new ParticipantsAnswer(
                threadId,
                [.. thread.Participants.Select(one => new RestMember(one.Id, one.DisplayName, one.Email, one.Id == thread.CreatedBy.Id ? "owner" : "member"))]),
            RestJson.Wire.ParticipantsAnswer);
    }

    private async Task AddAsync(RestCall call)
    {
        var threadId = call.PathId("thread_id");
        var ids = call.Parameters.Ids("user_ids", StoreLimits.Participants);
        if (ids is null)
            call.Parameters.Lack("user_ids");
        else if (ids.Count == 0)
            call.Parameters.Refuse("user_ids", "must name at least one user");
        var user = await call.UserAsync();
        var before = await GroupAsync(call, user.UserId, threadId);

        ChatThread thread;
        try
        {
            thread = await store.AddParticipantsAsync(user.UserId, threadId, ids!, call.Aborted);
        }
        catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.Invalid or ChatErrorCodes.NotFound)
        {
            throw new RestException(StatusCodes.Status400BadRequest, "invalid_participant", refusal.Message, refusal);
        }
        catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.Forbidden)
        {
            throw CannotChange(refusal);
        }

        await TellAsync(threadId, [.. ids!.Except(before.Participants.Select(one => one.Id))]);
        await call.AnswerAsync(new ChangedThreadAnswer(RestThread.From(thread)), RestJson.Wire.ChangedThreadAnswer);
    }

    private async Task RemoveAsync(RestCall call)
    {
        var threadId = call.PathId("thread_id");
        var participantId = call.PathId("user_id");
        var user = await call.UserAsync();
        await GroupAsync(call, user.UserId, threadId);

        try
        {
            await store.RemoveParticipantAsync(user.UserId, threadId, participantId, call.Aborted);
            live.RemoveFromThread(threadId, participantId);
        }
        catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.NotFound)
        {
            // Who is not in it need not be taken out: asking twice is no error.
        }
        catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.Forbidden)
        {
            throw CannotChange(refusal);
        }

        await call.AnswerAsync(new ParticipantRemovedAnswer(Success: true, threadId, participantId), RestJson.Wire.ParticipantRemovedAnswer);
    }

    private static RestException CannotChange(ChatException refusal) => new(
        StatusCodes.Status403Forbidden, "rest_cannot_change_participants", "Sorry, you are not allowed to change who is in this group.", refusal);

    private async ValueTask<ChatThread> GroupAsync(RestCall call, long userId, long threadId)
    {
        await access.CheckAsync(userId, threadId, call.Aborted);
        var thread = await store.ThreadAsync(userId, threadId, call.Aborted);
        return thread.Type is ThreadTypes.Group
            ? thread
            : throw new RestException(StatusCodes.Status400BadRequest, "invalid_thread_type", "Only who is in a group can be changed.");
    }

    // To those who are new in it the thread is new, with all that they have not read; whoever added them may have read it.
    private async ValueTask TellAsync(long threadId, IReadOnlyList<long> added)
    {
        if (added.Count == 0)
            return;
        try
        {
            chat.TellThreadCreated(await store.ThreadAsync(added[0], threadId, CancellationToken.None), added);
        }
        catch (ChatException gone) when (gone.Code is ChatErrorCodes.Forbidden)
        {
            // Taken out again already. The others find the thread in their list.
        }
    }
}
