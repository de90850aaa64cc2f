using Chatpulse.Server.Chat;
using Microsoft.Data.Sqlite;

namespace Chatpulse.Server.Stores.Sqlite;

public sealed partial class SqliteChatStore
{
    private const string SelectMessages = """
        SELECT m.id, m.thread_id, m.sender_id, u.display_name, m.content, m.content_type, m.status, m.created_at, m.updated_at, m.edited_at, m.deleted_at, m.temp_id
        FROM chatpulse_messages m JOIN chatpulse_users u ON u.id = m.sender_id
        """;

    private const string SelectNewest = SelectMessages + " WHERE m.thread_id = $1 ORDER BY m.id DESC LIMIT $2";
    private const string SelectBefore = SelectMessages + " WHERE m.thread_id = $1 AND m.id < $3 ORDER BY m.id DESC LIMIT $2";
    private const string SelectAfter = SelectMessages + " WHERE m.thread_id = $1 AND m.id > $3 ORDER BY m.id LIMIT $2";
    private const string SelectBeforeTime = SelectMessages + " WHERE m.thread_id = $1 AND m.created_at < $3 ORDER BY m.created_at DESC, m.id DESC LIMIT $2";
    private const string SelectByIds = SelectMessages + " WHERE m.id IN (SELECT value FROM json_each($1)) ORDER BY m.id";
    private const string SelectByTempId = SelectMessages + " WHERE m.thread_id = $1 AND m.sender_id = $2 AND m.temp_id = $3";

    private const string InsertMessage = """
        INSERT INTO chatpulse_messages (thread_id, sender_id, temp_id, content, content_type, status, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, 'sent', $6, $6)
        RETURNING id
        """;

    private const string CountInThread = """
        UPDATE chatpulse_message_threads SET message_count = message_count + 1, last_message_id = $2, updated_at = $3 WHERE id = $1
        """;

    private const string CountForSender = """
        UPDATE chatpulse_message_participants SET sent_count = sent_count + 1 WHERE thread_id = $1 AND user_id = $2
        """;

    /// <inheritdoc />
    public async ValueTask<StoredMessage> SendAsync(NewMessage message, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(message.SenderId, "senderId");
        StoreInput.RequireId(message.ThreadId, "threadId");
        StoreInput.RequireContent(message.Content);
        if (!ContentTypes.All.Contains(message.ContentType))
            throw StoreInput.Invalid("contentType is not one that is known");
        StoreInput.RequireIds(message.AttachmentIds, "attachments", StoreLimits.AttachmentsPerMessage);
        if (message.TempId is { } tempId)
        {
            if (tempId.Length == 0)
                throw StoreInput.Invalid("tempId must not be empty");
            StoreInput.RequireText(tempId, "tempId", StoreLimits.TempIdLength);
        }

        var version = members.Version;
        var stored = await writer.WriteAsync(session => Store(session, message), cancellationToken);
        members.Add(message.SenderId, message.ThreadId, version);
        return stored;
    }

    /// <inheritdoc />
    public async ValueTask<MessagePage> HistoryAsync(long userId, long threadId, long? beforeId, long? afterId, int limit, CancellationToken cancellationToken)
    {
        if (beforeId is not null && afterId is not null)
            throw StoreInput.Invalid("before and after cannot be asked for together");
        if (beforeId is { } before)
            StoreInput.RequireId(before, "before");
        if (afterId is < 0 or > StoreLimits.Id)
            throw StoreInput.Invalid("after must be a message id, or 0");
        var count = StoreInput.PageSize(limit, "limit");
        await CheckAccessAsync(userId, threadId, cancellationToken);

        return await readers.ReadAsync(
            session => (beforeId, afterId) switch
            {
                (null, null) => ReadPage(session, count, newestFirst: true, session.Query(SelectNewest, threadId, count + 1L)),
                ({ } id, _) => ReadPage(session, count, newestFirst: true, session.Query(SelectBefore, threadId, count + 1L, id)),
                (_, { } id) => ReadPage(session, count, newestFirst: false, session.Query(SelectAfter, threadId, count + 1L, id)),
            },
            cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<MessagePage> HistoryBeforeTimeAsync(long userId, long threadId, DateTimeOffset before, int limit, CancellationToken cancellationToken)
    {
        var count = StoreInput.PageSize(limit, "limit");
        await CheckAccessAsync(userId, threadId, cancellationToken);
        var time = before.ToUnixTimeMilliseconds();
        return await readers.ReadAsync(
            session => ReadPage(session, count, newestFirst: true, session.Query(SelectBeforeTime, threadId, count + 1L, time)),
            cancellationToken);
    }

    private StoredMessage Store(SqliteSession session, NewMessage message)
    {
        var now = Now;
        var senderName = Membership.RequireOrCreate(session, message.SenderId, message.ThreadId, options.CreateWhatIsNamed, now);
        if (message.TempId is { } tempId && FindByTempId(session, message.SenderId, message.ThreadId, tempId) is { } earlier)
            return new StoredMessage(earlier, AlreadyStored: true);

        var id = session.QueryNumber(InsertMessage, message.ThreadId, message.SenderId, message.TempId, message.Content, message.ContentType, now)!.Value;
        session.Execute(CountInThread, message.ThreadId, id, now);
        session.Execute(CountForSender, message.ThreadId, message.SenderId);
        var attachments = message.AttachmentIds.Count == 0 ? [] : Attach(session, message.SenderId, id, message.AttachmentIds);
        var stored = new ChatMessage
        {
            Id = id,
            ThreadId = message.ThreadId,
            SenderId = message.SenderId,
            SenderName = senderName,
            Content = message.Content,
            ContentType = message.ContentType,
            Attachments = attachments,
            Status = "sent",
            CreatedAt = Time(now),
            UpdatedAt = Time(now),
            TempId = message.TempId,
        };
        return new StoredMessage(stored, AlreadyStored: false);
    }

    private ChatMessage? FindByTempId(SqliteSession session, long senderId, long threadId, string tempId)
    {
        ChatMessage message;
        using (var reader = session.Query(SelectByTempId, threadId, senderId, tempId))
        {
            if (!reader.Read())
                return null;
            message = ReadMessage(reader);
        }

        return Complete(session, [message])[0];
    }

    /// <summary>Reads a page from a query for one row more than the page has.</summary>
    private MessagePage ReadPage(SqliteSession session, int count, bool newestFirst, SqliteDataReader reader)
    {
        var messages = new List<ChatMessage>(Math.Min(count, 64));
        using (reader)
        {
            while (reader.Read())
                messages.Add(ReadMessage(reader));
        }

        var hasMore = messages.Count > count;
        if (hasMore)
            messages.RemoveAt(count);
        if (newestFirst)
            messages.Reverse();
        return new MessagePage(Complete(session, messages), hasMore);
    }

    /// <summary>The same messages with their attachments and reactions, each read with one query for all.</summary>
    private List<ChatMessage> Complete(SqliteSession session, List<ChatMessage> messages)
    {
        if (messages.Count == 0)
            return messages;
        var ids = IdList(messages.Select(message => message.Id));
        var attachments = ReadAttachments(session, ids);
        var reactions = ReadReactions(session, ids);
        for (var i = 0; i < messages.Count && attachments.Count + reactions.Count > 0; i++)
        {
            if (attachments.Contains(messages[i].Id))
                messages[i] = messages[i] with { Attachments = [.. attachments[messages[i].Id]] };
            if (reactions.TryGetValue(messages[i].Id, out var ofMessage))
                messages[i] = messages[i] with { Reactions = ofMessage };
        }

        return messages;
    }

    /// <summary>Reads the columns of <see cref="SelectMessages"/>, which are the first ones.</summary>
    private static ChatMessage ReadMessage(SqliteDataReader reader) => new()
    {
        Id = reader.GetInt64(0),
        ThreadId = reader.GetInt64(1),
        SenderId = reader.GetInt64(2),
        SenderName = reader.GetString(3),
        Content = reader.GetString(4),
        ContentType = reader.GetString(5),
        Status = reader.GetString(6),
        CreatedAt = Time(reader.GetInt64(7)),
        UpdatedAt = Time(reader.GetInt64(8)),
        EditedAt = reader.IsDBNull(9) ? null : Time(reader.GetInt64(9)),
        DeletedAt = reader.IsDBNull(10) ? null : Time(reader.GetInt64(10)),
        TempId = reader.IsDBNull(11) ? null : reader.GetString(11),
    };
}
