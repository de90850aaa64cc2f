using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.Sqlite;

/// <summary>Who may use a thread, as the database has it.</summary>
internal static class Membership
{
    private const string FindName = """
        SELECT u.display_name
        FROM chatpulse_message_participants p JOIN chatpulse_users u ON u.id = p.user_id
        WHERE p.thread_id = $1 AND p.user_id = $2
        """;

    private const string FindThreadType = "SELECT type FROM chatpulse_message_threads WHERE id = $1";

    /// <summary>With the counters of a former stay, so that what was read then is not unread again.</summary>
    private const string AddMember = """
        INSERT INTO chatpulse_message_participants (thread_id, user_id, joined_at, sent_count, read_count)
        VALUES ($1, $2, $3,
            coalesce((SELECT sent_count FROM chatpulse_message_former_participants WHERE thread_id = $1 AND user_id = $2), 0),
            coalesce((SELECT read_count FROM chatpulse_message_former_participants WHERE thread_id = $1 AND user_id = $2), 0))
        ON CONFLICT DO NOTHING
        """;

    private const string ForgetFormer = "DELETE FROM chatpulse_message_former_participants WHERE thread_id = $1 AND user_id = $2";

    private const string FindFormer = "SELECT 1 FROM chatpulse_message_former_participants WHERE thread_id = $1 AND user_id = $2";

    private const string RememberFormer = """
        INSERT INTO chatpulse_message_former_participants (thread_id, user_id, sent_count, read_count)
        SELECT thread_id, user_id, sent_count, read_count FROM chatpulse_message_participants WHERE thread_id = $1 AND user_id = $2
        """;

    private const string RemoveMember = "DELETE FROM chatpulse_message_participants WHERE thread_id = $1 AND user_id = $2";

    private const string AddUser = """
        INSERT INTO chatpulse_users (id, display_name, search_name, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
        """;

    private const string AddThread = """
        INSERT INTO chatpulse_message_threads (id, type, title, search_title, created_by, created_at, updated_at)
        VALUES ($1, 'group', '', '', $2, $3, $3)
        """;

    /// <summary>The user's name when the user is in the thread, otherwise null.</summary>
    public static string? FindMemberName(SqliteSession session, long userId, long threadId)
    {
        using var reader = session.Query(FindName, threadId, userId);
        return reader.Read() ? reader.GetString(0) : null;
    }

    /// <summary>Throws what someone gets who is not in the thread: <c>not_found</c> when there is none, else <c>forbidden</c>.</summary>
    public static void Require(SqliteSession session, long userId, long threadId)
    {
        if (FindMemberName(session, userId, threadId) is null)
            throw Refusal(FindType(session, threadId) is not null, threadId);
    }

    /// <summary>
    /// The name of a member. One who is not becomes a member where <paramref name="create"/> allows it, together with the thread and the
    /// user if they are new; nobody becomes the third in a private thread, and nobody comes back who was taken out.
    /// </summary>
    public static string RequireOrCreate(SqliteSession session, long userId, long threadId, bool create, long now)
    {
        if (FindMemberName(session, userId, threadId) is { } name)
            return name;
        var type = FindType(session, threadId);
        if (!create || type is ThreadTypes.Private || session.QueryNumber(FindFormer, threadId, userId) is not null)
            throw Refusal(type is not null, threadId);

        CreateUser(session, userId, now);
        if (type is null)
            session.Execute(AddThread, threadId, userId, now);
        Join(session, userId, threadId, now);
        return FindMemberName(session, userId, threadId)!;
    }

    /// <summary>Puts a known user into a known thread; does nothing for one who is in it.</summary>
    public static void Join(SqliteSession session, long userId, long threadId, long now)
    {
        session.Execute(AddMember, threadId, userId, now);
        session.Execute(ForgetFormer, threadId, userId);
    }

    /// <summary>Takes a user out of a thread; false for one who is not in it.</summary>
    public static bool Leave(SqliteSession session, long userId, long threadId)
    {
        session.Execute(RememberFormer, threadId, userId);
        return session.Execute(RemoveMember, threadId, userId) > 0;
    }

    /// <summary>Makes a user under a name made of the id, unless there is one.</summary>
    public static void CreateUser(SqliteSession session, long userId, long now)
    {
        var name = DefaultName(userId);
        session.Execute(AddUser, userId, name, name.ToUpperInvariant(), now);
    }

    public static string DefaultName(long userId) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"User {userId}");

    private static string? FindType(SqliteSession session, long threadId)
    {
        using var reader = session.Query(FindThreadType, threadId);
        return reader.Read() ? reader.GetString(0) : null;
    }

    private static ChatException Refusal(bool threadExists, long threadId) => threadExists
        ? new ChatException(ChatErrorCodes.Forbidden, $"You are not a participant of thread {threadId}")
        : new ChatException(ChatErrorCodes.NotFound, $"There is no thread {threadId}");
}
