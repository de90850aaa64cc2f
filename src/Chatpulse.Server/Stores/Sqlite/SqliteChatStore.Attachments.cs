using Chatpulse.Server.Chat;
using Microsoft.Data.Sqlite;

namespace Chatpulse.Server.Stores.Sqlite;

public sealed partial class SqliteChatStore
{
    private const int DeletedPerWrite = 500;

    private const string InsertAttachment = """
        INSERT INTO chatpulse_message_attachments (uploader_id, filename, stored_name, mime_type, size, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        RETURNING id
        """;

    private const string SelectAttachments = """
        SELECT a.message_id, a.id, a.filename, a.mime_type, a.size, a.created_at
        FROM json_each($1) ids JOIN chatpulse_message_attachments a ON a.message_id = ids.value
        ORDER BY a.message_id, a.position
        """;

    /// <summary>Only the uploader's own, and only one that no message carries yet.</summary>
    private const string AttachToMessage = """
        UPDATE chatpulse_message_attachments SET message_id = $3, position = $4
        WHERE id = $1 AND uploader_id = $2 AND message_id IS NULL
        """;

    private const string SelectReadableAttachment = """
        SELECT a.message_id, a.id, a.filename, a.mime_type, a.size, a.created_at, a.stored_name
        FROM chatpulse_message_attachments a
        WHERE a.id = $1 AND (a.uploader_id = $2 OR EXISTS (
            SELECT 1 FROM chatpulse_messages m JOIN chatpulse_message_participants p ON p.thread_id = m.thread_id
            WHERE m.id = a.message_id AND p.user_id = $2))
        """;

    private const string DeleteUnused = """
        DELETE FROM chatpulse_message_attachments
        WHERE id IN (SELECT id FROM chatpulse_message_attachments WHERE message_id IS NULL AND created_at < $1 ORDER BY created_at LIMIT $2)
        RETURNING stored_name
        """;

    private const string SelectStoredName = "SELECT 1 FROM chatpulse_message_attachments WHERE stored_name = $1";

    /// <inheritdoc />
    public async ValueTask<ChatAttachment> AddAttachmentAsync(
        long userId, string filename, string mimeType, Stream content, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        StoreInput.RequireText(mimeType, "mimeType", StoreLimits.FilenameLength);
        var name = StoreInput.Filename(filename);
        await RequireUploaderAsync(userId, cancellationToken);

        string storedName;
        long size;
        try
        {
            (storedName, size) = await files.SaveAsync(content, options.MaxAttachmentBytes, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogAttachmentNotSaved(e);
            throw SqliteDatabase.Unavailable(e);
        }

        // From here on nothing is cancelled or cleaned up: whether the row was stored is not known when the wait ends early, and a file
        // without a row is deleted by the next clean-up.
        var now = Now;
        var id = await writer.WriteAsync(
            session => session.QueryNumber(InsertAttachment, userId, name, storedName, mimeType, size, now)!.Value,
            CancellationToken.None);
        return Attachment(id, name, mimeType, size, now);
    }

    /// <inheritdoc />
    public async ValueTask<AttachmentContent> OpenAttachmentAsync(long userId, long attachmentId, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        StoreInput.RequireId(attachmentId, "attachmentId");
        var (attachment, storedName) = await readers.ReadAsync(
            session =>
            {
                using var reader = session.Query(SelectReadableAttachment, attachmentId, userId);
                return reader.Read() ? (ReadAttachment(reader), reader.GetString(6)) : throw NoAttachment(attachmentId);
            },
            cancellationToken);

        try
        {
            if (files.Open(storedName) is { } content)
                return new AttachmentContent(attachment, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogAttachmentNotRead(attachmentId, e);
            throw SqliteDatabase.Unavailable(e);
        }

        LogAttachmentNotRead(attachmentId, exception: null);
        throw NoAttachment(attachmentId);
    }

    /// <inheritdoc />
    /// <remarks>
    /// A day is <see cref="SqliteStoreOptions.UnusedAttachmentLifetime"/>. Files that the database does not know go too: a process was killed
    /// between the two.
    /// </remarks>
    public async ValueTask<int> DeleteUnusedAttachmentsAsync(CancellationToken cancellationToken)
    {
        var limit = timeProvider.GetUtcNow() - options.UnusedAttachmentLifetime;
        var deleted = 0;
        List<string> names;
        do
        {
            names = await writer.WriteAsync(session => DeleteRows(session, limit.ToUnixTimeMilliseconds()), cancellationToken);
            foreach (var name in names)
                files.Delete(name);
            deleted += names.Count;
        }
        while (names.Count == DeletedPerWrite);

        foreach (var name in files.NamesOlderThan(limit))
        {
            if (await readers.ReadAsync(session => session.QueryNumber(SelectStoredName, name) is not null, cancellationToken))
                continue;
            files.Delete(name);
            deleted++;
        }

        return deleted;
    }

    private static List<string> DeleteRows(SqliteSession session, long createdBefore)
    {
        var names = new List<string>();
        using var reader = session.Query(DeleteUnused, createdBefore, DeletedPerWrite);
        while (reader.Read())
            names.Add(reader.GetString(0));
        return names;
    }

    private async Task RequireUploaderAsync(long userId, CancellationToken cancellationToken)
    {
        if (await readers.ReadAsync(session => FindUser(session, userId), cancellationToken) is not null)
            return;
        if (!options.CreateWhatIsNamed)
            throw new ChatException(ChatErrorCodes.Forbidden, $"There is no user {userId}");
        await EnsureUserAsync(userId, displayName: null, cancellationToken);
    }

    private List<ChatAttachment> Attach(SqliteSession session, long senderId, long messageId, IReadOnlyList<long> attachmentIds)
    {
        for (var i = 0; i < attachmentIds.Count; i++)
        {
            if (session.Execute(AttachToMessage, attachmentIds[i], senderId, messageId, i) == 0)
                throw StoreInput.Invalid($"attachments: {attachmentIds[i]} is not an unsent upload of yours");
        }

        return [.. ReadAttachments(session, IdList([messageId]))[messageId]];
    }

    private ILookup<long, ChatAttachment> ReadAttachments(SqliteSession session, string messageIds)
    {
        var found = new List<(long MessageId, ChatAttachment Attachment)>();
        using (var reader = session.Query(SelectAttachments, messageIds))
        {
            while (reader.Read())
                found.Add((reader.GetInt64(0), ReadAttachment(reader)));
        }

        return found.ToLookup(pair => pair.MessageId, pair => pair.Attachment);
    }

    private ChatAttachment ReadAttachment(SqliteDataReader reader) =>
        Attachment(reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetInt64(4), reader.GetInt64(5));

    private ChatAttachment Attachment(long id, string filename, string mimeType, long size, long createdAt) => new()
    {
        Id = id,
        Filename = filename,
        Url = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{options.AttachmentUrlPrefix}{id}"),
        MimeType = mimeType,
        Size = size,
        CreatedAt = Time(createdAt),
    };

    private static ChatException NoAttachment(long id) => new(ChatErrorCodes.NotFound, $"There is no attachment {id}");

    [LoggerMessage(Level = LogLevel.Error, Message = "An attachment could not be saved")]
    private partial void LogAttachmentNotSaved(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The file of a deleted attachment could not be deleted; it is tried again within a day")]
    private partial void LogAttachmentNotDeleted(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The file of attachment {AttachmentId} could not be read")]
    private partial void LogAttachmentNotRead(long attachmentId, Exception? exception);
}
