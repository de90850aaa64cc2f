using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.Sqlite;

// Who is in a thread, and who may change it.
public sealed partial class SqliteChatStore
{
    private const string SelectRights = "SELECT type, created_by FROM chatpulse_message_threads WHERE id = $1";

    private const string CountParticipants = "SELECT count(*) FROM chatpulse_message_participants WHERE thread_id = $1";

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<ChatUser>> ParticipantsAsync(long userId, long threadId, CancellationToken cancellationToken)
    {
        await CheckAccessAsync(userId, threadId, cancellationToken);
        return await readers.ReadAsync(
            session =>
            {
                var people = new List<ChatUser>();
                using var reader = session.Query(SelectParticipants, IdList([threadId]));
                while (reader.Read())
                    people.Add(new ChatUser(reader.GetInt64(1), reader.GetString(2), reader.GetString(3)));
                return people;
            },
            cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<ChatThread> AddParticipantsAsync(
        long userId, long threadId, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken)
    {
        StoreInput.RequireIds(participantIds, "participants", StoreLimits.Participants);
        await CheckAccessAsync(userId, threadId, cancellationToken);
        var version = members.Version;
        var thread = await writer.WriteAsync(session => Admit(session, userId, threadId, participantIds), cancellationToken);
        foreach (var id in participantIds)
            members.Add(id, threadId, version);
        return thread;
    }

    /// <inheritdoc />
    public async ValueTask RemoveParticipantAsync(long userId, long threadId, long participantId, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(participantId, "participantId");
        await CheckAccessAsync(userId, threadId, cancellationToken);

        // Not cancelled: whoever is out of the database must be out of the cache too.
        cancellationToken.ThrowIfCancellationRequested();
        await writer.WriteAsync(
            session =>
            {
                var maker = RequireGroup(session, userId, threadId);
                if (userId != participantId && userId != maker)
                    throw new ChatException(ChatErrorCodes.Forbidden, "Only the maker of the thread may take others out of it");
                return Membership.Leave(session, participantId, threadId)
                    ? true
                    : throw new ChatException(ChatErrorCodes.NotFound, $"User {participantId} is not in thread {threadId}");
            },
            CancellationToken.None);
        members.Remove(participantId, threadId);
    }

    /// <inheritdoc />
    /// <remarks>Nobody else changes this store: what is remembered of these people is only asked of the database anew.</remarks>
    public void ParticipantsChanged(long threadId, IReadOnlyCollection<long> added, IReadOnlyCollection<long> removed)
    {
        foreach (var userId in removed)
            members.Remove(userId, threadId);
    }

    /// <inheritdoc />
    public void SignedOut(long userId)
    {
        // Memberships do not depend on a login, and nothing else is remembered of a user.
    }

    private ChatThread Admit(SqliteSession session, long userId, long threadId, IReadOnlyCollection<long> participantIds)
    {
        if (RequireGroup(session, userId, threadId) != userId)
            throw new ChatException(ChatErrorCodes.Forbidden, "Only the maker of the thread may take others into it");
        var now = Now;
        RequireUsers(session, userId, [.. participantIds], now);
        foreach (var id in participantIds)
            Membership.Join(session, id, threadId, now);
        if (session.QueryNumber(CountParticipants, threadId) > StoreLimits.Participants)
            throw StoreInput.Invalid($"participants: a thread may have at most {StoreLimits.Participants}");
        return FindThread(session, userId, threadId);
    }

    /// <summary>The maker of a group that the user is in.</summary>
    private static long RequireGroup(SqliteSession session, long userId, long threadId)
    {
        Membership.Require(session, userId, threadId);
        using var reader = session.Query(SelectRights, threadId);
        reader.Read();
        return reader.GetString(0) is ThreadTypes.Group
            ? reader.GetInt64(1)
            : throw StoreInput.Invalid("Who is in a private thread cannot be changed");
    }
}
