using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.Sqlite;

// What changes messages that are there.
public sealed partial class SqliteChatStore
{
    private const string Deliver = """
        UPDATE chatpulse_messages SET status = 'delivered', updated_at = $4
        WHERE id IN (SELECT value FROM json_each($1)) AND thread_id = $2 AND sender_id <> $3 AND status = 'sent' AND deleted_at IS NULL
        RETURNING id
        """;

    private const string SelectSender = "SELECT sender_id, deleted_at FROM chatpulse_messages WHERE id = $1 AND thread_id = $2";

    private const string SelectMaker = "SELECT created_by FROM chatpulse_message_threads WHERE id = $1";

    private const string ReplaceContent = "UPDATE chatpulse_messages SET content = $2, edited_at = $3, updated_at = $3 WHERE id = $1";

    private const string EraseContent = "UPDATE chatpulse_messages SET content = '', deleted_at = $2, updated_at = $2 WHERE id = $1";

    private const string EraseAttachments = "DELETE FROM chatpulse_message_attachments WHERE message_id = $1 RETURNING stored_name";

    private const string EraseReactions = "DELETE FROM chatpulse_message_reactions WHERE message_id = $1";

    private const string UncountInThread = "UPDATE chatpulse_message_threads SET message_count = message_count - 1 WHERE id = $1";

    private const string UncountForSender = """
        UPDATE chatpulse_message_participants SET sent_count = sent_count - 1 WHERE thread_id = $1 AND user_id = $2
        """;

    private const string UncountForFormerSender = """
        UPDATE chatpulse_message_former_participants SET sent_count = sent_count - 1 WHERE thread_id = $1 AND user_id = $2
        """;

    private const string UncountForReaders = """
        UPDATE chatpulse_message_participants SET read_count = read_count - 1
        WHERE thread_id = $1 AND user_id IN (SELECT user_id FROM chatpulse_message_read_receipts WHERE message_id = $2)
        """;

    private const string UncountForFormerReaders = """
        UPDATE chatpulse_message_former_participants SET read_count = read_count - 1
        WHERE thread_id = $1 AND user_id IN (SELECT user_id FROM chatpulse_message_read_receipts WHERE message_id = $2)
        """;

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<ChatMessage>> MarkDeliveredAsync(
        long userId, long threadId, IReadOnlyList<long> messageIds, CancellationToken cancellationToken)
    {
        StoreInput.RequireIds(messageIds, "messageIds", StoreLimits.IdsPerCall);
        await CheckAccessAsync(userId, threadId, cancellationToken);
        if (messageIds.Count == 0)
            return [];

        return await writer.WriteAsync(
            session =>
            {
                var changed = new List<long>();
                using (var reader = session.Query(Deliver, IdList(messageIds), threadId, userId, Now))
                {
                    while (reader.Read())
                        changed.Add(reader.GetInt64(0));
                }

                return ReadByIds(session, changed);
            },
            cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<ChatMessage> EditAsync(long userId, long threadId, long messageId, string content, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(messageId, "messageId");
        StoreInput.RequireContent(content);
        await CheckAccessAsync(userId, threadId, cancellationToken);
        return await writer.WriteAsync(
            session =>
            {
                if (RequireMessage(session, userId, threadId, messageId) != userId)
                    throw new ChatException(ChatErrorCodes.Forbidden, "Only its author may edit a message");
                session.Execute(ReplaceContent, messageId, content, Now);
                return ReadByIds(session, [messageId])[0];
            },
            cancellationToken);
    }

    /// <inheritdoc />
    /// <remarks>
    /// Content is overwritten in the database and in its journal before this completes, unless another program is reading the database just then; files
    /// are deleted. Who had read the message stays known.
    /// </remarks>
    public async ValueTask<ChatMessage> DeleteAsync(long userId, long threadId, long messageId, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(messageId, "messageId");
        await CheckAccessAsync(userId, threadId, cancellationToken);

        // Not cancelled from here on: once the rows are gone, somebody has to delete the files.
        cancellationToken.ThrowIfCancellationRequested();
        var (message, storedNames) = await writer.EraseAsync(session => Erase(session, userId, threadId, messageId), CancellationToken.None);
        foreach (var name in storedNames)
            DeleteFile(name);
        return message;
    }

    private (ChatMessage Message, List<string> StoredNames) Erase(SqliteSession session, long userId, long threadId, long messageId)
    {
        Membership.Require(session, userId, threadId);
        var (senderId, deleted) = FindSender(session, threadId, messageId);
        if (senderId != userId && session.QueryNumber(SelectMaker, threadId) != userId)
            throw new ChatException(ChatErrorCodes.Forbidden, "Only its author and the maker of the thread may delete a message");

        var names = new List<string>();
        if (!deleted)
        {
            using (var reader = session.Query(EraseAttachments, messageId))
            {
                while (reader.Read())
                    names.Add(reader.GetString(0));
            }

            session.Execute(EraseReactions, messageId);
            session.Execute(EraseContent, messageId, Now);
            session.Execute(UncountInThread, threadId);
            session.Execute(UncountForSender, threadId, senderId);
            session.Execute(UncountForFormerSender, threadId, senderId);
            session.Execute(UncountForReaders, threadId, messageId);
            session.Execute(UncountForFormerReaders, threadId, messageId);
        }

        return (ReadByIds(session, [messageId])[0], names);
    }

    private void DeleteFile(string storedName)
    {
        try
        {
            files.Delete(storedName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The database does not know it any more, so nobody gets it, and the clean-up of unknown files takes it.
            LogAttachmentNotDeleted(e);
        }
    }

    /// <summary>The sender of a message that is there, for a member of its thread.</summary>
    private static long RequireMessage(SqliteSession session, long userId, long threadId, long messageId)
    {
        Membership.Require(session, userId, threadId);
        var (senderId, deleted) = FindSender(session, threadId, messageId);
        return deleted ? throw new ChatException(ChatErrorCodes.NotFound, $"Message {messageId} was deleted") : senderId;
    }

    private static (long SenderId, bool Deleted) FindSender(SqliteSession session, long threadId, long messageId)
    {
        using var reader = session.Query(SelectSender, messageId, threadId);
        return reader.Read()
            ? (reader.GetInt64(0), !reader.IsDBNull(1))
            : throw new ChatException(ChatErrorCodes.NotFound, $"There is no message {messageId} in thread {threadId}");
    }

    /// <summary>These messages, by id.</summary>
    private IReadOnlyList<ChatMessage> ReadByIds(SqliteSession session, List<long> ids) =>
        ids.Count == 0 ? [] : ReadPage(session, ids.Count, newestFirst: false, session.Query(SelectByIds, IdList(ids))).Messages;
}
