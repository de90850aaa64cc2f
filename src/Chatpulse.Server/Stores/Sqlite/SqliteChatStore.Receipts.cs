using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.Sqlite;

public sealed partial class SqliteChatStore
{
    /// <summary>Messages that are marked in one write where all are asked for, so that a long thread does not hold up other writers.</summary>
    private const int MarkedPerWrite = 1_000;

    private const string SelectForeignId = """
        SELECT ids.value
        FROM json_each($1) ids LEFT JOIN chatpulse_messages m ON m.id = ids.value AND m.thread_id = $2
        WHERE m.id IS NULL LIMIT 1
        """;

    private const string InsertReceipts = """
        INSERT INTO chatpulse_message_read_receipts (message_id, user_id, read_at)
        SELECT m.id, $1, $2
        FROM json_each($3) ids JOIN chatpulse_messages m ON m.id = ids.value
        WHERE m.sender_id <> $1 AND m.deleted_at IS NULL
        ON CONFLICT DO NOTHING
        RETURNING message_id
        """;

    private const string CompleteRead = """
        UPDATE chatpulse_messages AS m SET status = 'read', updated_at = $2
        WHERE m.id IN (SELECT value FROM json_each($1)) AND m.status <> 'read'
            AND NOT EXISTS (
                SELECT 1 FROM chatpulse_message_participants p
                WHERE p.thread_id = m.thread_id AND p.user_id <> m.sender_id
                    AND NOT EXISTS (SELECT 1 FROM chatpulse_message_read_receipts r WHERE r.message_id = m.id AND r.user_id = p.user_id))
        RETURNING id
        """;

    private const string CountRead = """
        UPDATE chatpulse_message_participants SET read_count = read_count + $3 WHERE thread_id = $1 AND user_id = $2
        """;

    private const string SelectUnreadCount = """
        SELECT t.message_count - p.sent_count - p.read_count
        FROM chatpulse_message_participants p JOIN chatpulse_message_threads t ON t.id = p.thread_id
        WHERE p.thread_id = $1 AND p.user_id = $2
        """;

    private const string SelectIdsDownFrom = "SELECT id FROM chatpulse_messages WHERE thread_id = $1 AND id <= $2 ORDER BY id DESC LIMIT $3";

    private const string SelectReader = "SELECT display_name, email FROM chatpulse_users WHERE id = $1";

    private const string SelectReceipts = """
        SELECT r.message_id, r.user_id, u.display_name, u.email, r.read_at
        FROM chatpulse_message_read_receipts r JOIN chatpulse_users u ON u.id = r.user_id
        WHERE r.message_id = $1 ORDER BY r.read_at, r.user_id
        """;

    /// <inheritdoc />
    public async ValueTask<MarkedRead> MarkReadAsync(long userId, long threadId, IReadOnlyList<long>? messageIds, CancellationToken cancellationToken)
    {
        if (messageIds is not null)
            StoreInput.RequireIds(messageIds, "messageIds", StoreLimits.IdsPerCall);
        await CheckAccessAsync(userId, threadId, cancellationToken);
        if (messageIds is null)
            return await MarkAllReadAsync(userId, threadId, cancellationToken);
        if (messageIds.Count == 0)
            return new MarkedRead([], []);

        return await writer.WriteAsync(
            session =>
            {
                var ids = IdList(messageIds);
                if (session.QueryNumber(SelectForeignId, ids, threadId) is { } foreign)
                    throw new ChatException(ChatErrorCodes.NotFound, $"There is no message {foreign} in thread {threadId}");
                return AddReceipts(session, userId, threadId, ids);
            },
            cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<ReadReceipt>> ReceiptsAsync(long userId, long messageId, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        StoreInput.RequireId(messageId, "messageId");
        return await readers.ReadAsync(
            session =>
            {
                RequireThreadOf(session, userId, messageId);
                var receipts = new List<ReadReceipt>();
                using var reader = session.Query(SelectReceipts, messageId);
                while (reader.Read())
                    receipts.Add(new ReadReceipt(reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), Time(reader.GetInt64(4))));
                return receipts;
            },
            cancellationToken);
    }

    /// <summary>From the newest message down until nothing is unread: what is unread is mostly what is new.</summary>
    private async Task<MarkedRead> MarkAllReadAsync(long userId, long threadId, CancellationToken cancellationToken)
    {
        var receipts = new List<ReadReceipt>();
        var readByAll = new List<ChatMessage>();
        long? from = StoreLimits.Id;
        while (from is { } highest)
        {
            from = await writer.WriteAsync(
                session =>
                {
                    if (session.QueryNumber(SelectUnreadCount, threadId, userId) is not > 0)
                        return null;
                    var ids = ReadIds(session, threadId, highest);
                    if (ids.Count == 0)
                        return null;
                    var marked = AddReceipts(session, userId, threadId, IdList(ids));
                    receipts.AddRange(marked.Receipts);
                    readByAll.AddRange(marked.ReadByAll);
                    return (long?)ids[^1] - 1;
                },
                cancellationToken);
        }

        receipts.Sort((a, b) => a.MessageId.CompareTo(b.MessageId));
        readByAll.Sort((a, b) => a.Id.CompareTo(b.Id));
        return new MarkedRead(receipts, readByAll);
    }

    private static List<long> ReadIds(SqliteSession session, long threadId, long highest)
    {
        var ids = new List<long>();
        using var reader = session.Query(SelectIdsDownFrom, threadId, highest, MarkedPerWrite);
        while (reader.Read())
            ids.Add(reader.GetInt64(0));
        return ids;
    }

    private MarkedRead AddReceipts(SqliteSession session, long userId, long threadId, string ids)
    {
        // Whoever was taken out meanwhile is in nobody's count any more.
        Membership.Require(session, userId, threadId);
        string name, email;
        using (var user = session.Query(SelectReader, userId))
        {
            user.Read();
            (name, email) = (user.GetString(0), user.GetString(1));
        }

        var now = Now;
        var receipts = new List<ReadReceipt>();
        using (var reader = session.Query(InsertReceipts, userId, now, ids))
        {
            while (reader.Read())
                receipts.Add(new ReadReceipt(reader.GetInt64(0), userId, name, email, Time(now)));
        }

        if (receipts.Count == 0)
            return new MarkedRead([], []);
        session.Execute(CountRead, threadId, userId, receipts.Count);
        receipts.Sort((a, b) => a.MessageId.CompareTo(b.MessageId));
        return new MarkedRead(receipts, CompleteReading(session, IdList(receipts.Select(receipt => receipt.MessageId)), now));
    }

    /// <summary>The messages among these that nobody has left to read, marked so.</summary>
    private IReadOnlyList<ChatMessage> CompleteReading(SqliteSession session, string ids, long now)
    {
        var completed = new List<long>();
        using (var reader = session.Query(CompleteRead, ids, now))
        {
            while (reader.Read())
                completed.Add(reader.GetInt64(0));
        }

        return ReadByIds(session, completed);
    }
}
