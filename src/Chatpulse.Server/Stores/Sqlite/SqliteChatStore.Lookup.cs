using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.Sqlite;

// What belongs where.
public sealed partial class SqliteChatStore
{
    private const string SelectThreadOfMessage = "SELECT thread_id FROM chatpulse_messages WHERE id = $1";

    private const string SelectIdsInThread = """
        SELECT id FROM chatpulse_messages WHERE id IN (SELECT value FROM json_each($1)) AND thread_id = $2 ORDER BY id
        """;

    /// <inheritdoc />
    async ValueTask<long> IEmbeddedStore.ThreadOfAsync(long userId, long messageId, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        StoreInput.RequireId(messageId, "messageId");
        return await readers.ReadAsync(session => RequireThreadOf(session, userId, messageId), cancellationToken);
    }

    /// <inheritdoc />
    async ValueTask<IReadOnlyList<long>> IEmbeddedStore.MessagesInThreadAsync(
        long threadId, IReadOnlyList<long> messageIds, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(threadId, "threadId");
        StoreInput.RequireIds(messageIds, "messageIds", StoreLimits.IdsPerCall);
        return await readers.ReadAsync(
            session =>
            {
                var there = new List<long>();
                using var reader = session.Query(SelectIdsInThread, IdList(messageIds), threadId);
                while (reader.Read())
                    there.Add(reader.GetInt64(0));
                return there;
            },
            cancellationToken);
    }

    /// <inheritdoc />
    async ValueTask<ChatThread> IEmbeddedStore.ThreadAsync(long userId, long threadId, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        StoreInput.RequireId(threadId, "threadId");
        return await readers.ReadAsync(
            session =>
            {
                Membership.Require(session, userId, threadId);
                return FindThread(session, userId, threadId);
            },
            cancellationToken);
    }

    private static long RequireThreadOf(SqliteSession session, long userId, long messageId)
    {
        var threadId = session.QueryNumber(SelectThreadOfMessage, messageId)
            ?? throw new ChatException(ChatErrorCodes.NotFound, $"There is no message {messageId}");
        Membership.Require(session, userId, threadId);
        return threadId;
    }
}
