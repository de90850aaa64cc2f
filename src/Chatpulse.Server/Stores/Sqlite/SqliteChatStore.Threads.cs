using Chatpulse.Server.Chat;
using Microsoft.Data.Sqlite;

namespace Chatpulse.Server.Stores.Sqlite;

public sealed partial class SqliteChatStore
{
    /// <summary>Ids from here up are left to those who name their own, so that naming a very high one does not use up all that follow.</summary>
    private const long FirstIdNotGiven = 1L << 52;

    private const string FromThreads = """
        FROM chatpulse_message_participants p
        JOIN chatpulse_message_threads t ON t.id = p.thread_id
        JOIN chatpulse_users c ON c.id = t.created_by
        LEFT JOIN chatpulse_messages m ON m.id = t.last_message_id
        LEFT JOIN chatpulse_users u ON u.id = m.sender_id
        WHERE p.user_id = $1
        """;

    private const string SelectThreads = $"""
        SELECT m.id, m.thread_id, m.sender_id, u.display_name, m.content, m.content_type, m.status, m.created_at, m.updated_at, m.edited_at, m.deleted_at, m.temp_id,
            t.id, t.type, t.title, c.id, c.display_name, c.email, t.created_at, t.updated_at, t.message_count - p.sent_count - p.read_count
        """ + "\n" + FromThreads;

    private const string MatchesSearch = """
         AND (instr(t.search_title, $2) > 0 OR EXISTS (
            SELECT 1 FROM chatpulse_message_participants o JOIN chatpulse_users n ON n.id = o.user_id
            WHERE o.thread_id = t.id AND o.user_id <> $1 AND instr(n.search_name, $2) > 0))
        """;

    private const string SelectThread = SelectThreads + " AND p.thread_id = $2";
    private const string SelectThreadPage = SelectThreads + " ORDER BY t.updated_at DESC, t.id DESC LIMIT $2 OFFSET $3";
    private const string SearchThreadPage = SelectThreads + MatchesSearch + " ORDER BY t.updated_at DESC, t.id DESC LIMIT $3 OFFSET $4";
    private const string CountThreads = "SELECT count(*) FROM chatpulse_message_participants p WHERE p.user_id = $1";
    private const string CountFoundThreads = """
        SELECT count(*) FROM chatpulse_message_participants p JOIN chatpulse_message_threads t ON t.id = p.thread_id WHERE p.user_id = $1
        """ + MatchesSearch;

    private const string SelectParticipants = """
        SELECT p.thread_id, u.id, u.display_name, u.email
        FROM json_each($1) ids
        JOIN chatpulse_message_participants p ON p.thread_id = ids.value
        JOIN chatpulse_users u ON u.id = p.user_id
        ORDER BY p.thread_id, p.joined_at, u.id
        """;

    private const string SelectPrivateThread = "SELECT id FROM chatpulse_message_threads WHERE private_pair = $1";

    private const string SelectUnknownUsers = """
        SELECT ids.value FROM json_each($1) ids LEFT JOIN chatpulse_users u ON u.id = ids.value WHERE u.id IS NULL ORDER BY ids.value
        """;

    private const string InsertThread = """
        INSERT INTO chatpulse_message_threads (id, type, title, search_title, private_pair, created_by, created_at, updated_at)
        VALUES ((SELECT coalesce(max(id), 0) + 1 FROM chatpulse_message_threads WHERE id < $7), $1, $2, $3, $4, $5, $6, $6)
        RETURNING id
        """;

    /// <inheritdoc />
    public async ValueTask<ThreadPage> ThreadsAsync(long userId, int page, int perPage, string? search, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        if (page < 1)
            throw StoreInput.Invalid("page must be at least 1");
        var count = StoreInput.PageSize(perPage, "perPage");
        var offset = (page - 1L) * count;
        var wanted = SearchText(search);

        return await readers.ReadAsync(
            session =>
            {
                var total = wanted is null ? session.QueryNumber(CountThreads, userId) : session.QueryNumber(CountFoundThreads, userId, wanted);
                var threads = ReadThreads(session, wanted is null
                    ? session.Query(SelectThreadPage, userId, count, offset)
                    : session.Query(SearchThreadPage, userId, wanted, count, offset));
                return new ThreadPage(threads, (int)total!.Value);
            },
            cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<CreatedThread> CreateThreadAsync(
        long userId, string type, string? title, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        if (type is not (ThreadTypes.Private or ThreadTypes.Group))
            throw StoreInput.Invalid("type must be private or group");
        StoreInput.RequireText(title ?? "", "title", StoreLimits.TitleLength);
        StoreInput.RequireIds(participantIds, "participants", StoreLimits.Participants);
        var everyone = new SortedSet<long>(participantIds) { userId };
        if (type is ThreadTypes.Private && everyone.Count != 2)
            throw StoreInput.Invalid("A private thread must have exactly one other participant");

        var version = members.Version;
        var created = await writer.WriteAsync(session => Create(session, userId, type, title ?? "", everyone), cancellationToken);
        foreach (var member in created.Thread.Participants)
            members.Add(member.Id, created.Thread.Id, version);
        return created;
    }

    private CreatedThread Create(SqliteSession session, long userId, string type, string title, SortedSet<long> everyone)
    {
        var now = Now;
        RequireUsers(session, userId, everyone, now);
        var pair = type is ThreadTypes.Private ? string.Join(':', everyone) : null;
        if (pair is not null && session.QueryNumber(SelectPrivateThread, pair) is { } existing)
            return new CreatedThread(FindThread(session, userId, existing), Created: false);

        var id = session.QueryNumber(InsertThread, type, title, title.ToUpperInvariant(), pair, userId, now, FirstIdNotGiven)!.Value;
        foreach (var member in everyone)
            Membership.Join(session, member, id, now);
        return new CreatedThread(FindThread(session, userId, id), Created: true);
    }

    private void RequireUsers(SqliteSession session, long userId, SortedSet<long> everyone, long now)
    {
        var unknown = new List<long>();
        using (var reader = session.Query(SelectUnknownUsers, IdList(everyone)))
        {
            while (reader.Read())
                unknown.Add(reader.GetInt64(0));
        }

        if (unknown.Count == 0)
            return;
        if (!options.CreateWhatIsNamed)
        {
            throw unknown.Contains(userId)
                ? new ChatException(ChatErrorCodes.Forbidden, $"There is no user {userId}")
                : StoreInput.Invalid($"participants: there is no user {string.Join(", ", unknown)}");
        }

        foreach (var id in unknown)
            Membership.CreateUser(session, id, now);
    }

    private ChatThread FindThread(SqliteSession session, long userId, long threadId) =>
        ReadThreads(session, session.Query(SelectThread, userId, threadId))[0];

    /// <summary>Reads threads from a query, then everybody in them with a second one.</summary>
    private List<ChatThread> ReadThreads(SqliteSession session, SqliteDataReader reader)
    {
        var threads = new List<ChatThread>();
        using (reader)
        {
            while (reader.Read())
                threads.Add(ReadThread(reader));
        }

        if (threads.Count == 0)
            return threads;

        var participants = threads.ToDictionary(thread => thread.Id, _ => new List<ChatUser>());
        using (var people = session.Query(SelectParticipants, IdList(participants.Keys)))
        {
            while (people.Read())
                participants[people.GetInt64(0)].Add(new ChatUser(people.GetInt64(1), people.GetString(2), people.GetString(3)));
        }

        var lastMessages = Complete(session, [.. threads.Where(t => t.LastMessage is not null).Select(t => t.LastMessage!)])
            .ToDictionary(message => message.Id);
        for (var i = 0; i < threads.Count; i++)
        {
            threads[i] = threads[i] with
            {
                Participants = participants[threads[i].Id],
                LastMessage = threads[i].LastMessage is { } last ? lastMessages[last.Id] : null,
            };
        }

        return threads;
    }

    private static ChatThread ReadThread(SqliteDataReader reader) => new()
    {
        Id = reader.GetInt64(12),
        Type = reader.GetString(13),
        Title = reader.GetString(14),
        CreatedBy = new ChatUser(reader.GetInt64(15), reader.GetString(16), reader.GetString(17)),
        CreatedAt = Time(reader.GetInt64(18)),
        UpdatedAt = Time(reader.GetInt64(19)),
        UnreadCount = (int)reader.GetInt64(20),
        LastMessage = reader.IsDBNull(0) ? null : ReadMessage(reader),
        Participants = [],
    };
}
