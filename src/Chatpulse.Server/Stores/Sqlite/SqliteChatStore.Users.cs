using Chatpulse.Server.Chat;
using Microsoft.Data.Sqlite;

namespace Chatpulse.Server.Stores.Sqlite;

public sealed partial class SqliteChatStore
{
    private const string SelectUser = "SELECT id, display_name, email FROM chatpulse_users WHERE id = $1";

    private const string RenameUser = "UPDATE chatpulse_users SET display_name = $2, search_name = $3 WHERE id = $1";

    private const string SearchUsers = """
        SELECT id, display_name, email FROM chatpulse_users
        WHERE ($1 IS NULL OR instr(search_name, $1) > 0)
            AND id NOT IN (SELECT value FROM json_each($2))
        ORDER BY search_name, id LIMIT $3
        """;

    private const string SearchIncludedUsers = """
        SELECT u.id, u.display_name, u.email FROM json_each($4) ids JOIN chatpulse_users u ON u.id = ids.value
        WHERE ($1 IS NULL OR instr(u.search_name, $1) > 0)
            AND u.id NOT IN (SELECT value FROM json_each($2))
        ORDER BY u.search_name, u.id LIMIT $3
        """;

    private const string SelectContacts = """
        SELECT DISTINCT o.user_id
        FROM chatpulse_message_participants p JOIN chatpulse_message_participants o ON o.thread_id = p.thread_id
        WHERE p.user_id = $1 AND o.user_id <> $1
        LIMIT $2
        """;

    /// <inheritdoc />
    public async ValueTask<ChatUser> EnsureUserAsync(long userId, string? displayName, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        StoreInput.RequireText(displayName ?? "", "displayName", StoreLimits.DisplayNameLength);
        var name = string.IsNullOrWhiteSpace(displayName) ? null : displayName.Trim();
        var known = await readers.ReadAsync(session => FindUser(session, userId), cancellationToken);
        if (known is not null && (name is null || string.Equals(name, known.DisplayName, StringComparison.Ordinal)))
            return known;

        return await writer.WriteAsync(
            session =>
            {
                Membership.CreateUser(session, userId, Now);
                if (name is not null)
                    session.Execute(RenameUser, userId, name, name.ToUpperInvariant());
                return FindUser(session, userId)!;
            },
            cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<ChatUser?> FindUserAsync(long userId, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        return await readers.ReadAsync(session => FindUser(session, userId), cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<ChatUser>> UsersAsync(UserQuery query, CancellationToken cancellationToken)
    {
        StoreInput.RequireIds(query.Include, "include", StoreLimits.IdsPerCall);
        StoreInput.RequireIds(query.Exclude, "exclude", StoreLimits.IdsPerCall);
        var count = StoreInput.PageSize(query.PerPage, "perPage");
        var wanted = SearchText(query.Search);

        return await readers.ReadAsync(
            session =>
            {
                var users = new List<ChatUser>();
                using var reader = query.Include.Count == 0
                    ? session.Query(SearchUsers, wanted, IdList(query.Exclude), count)
                    : session.Query(SearchIncludedUsers, wanted, IdList(query.Exclude), count, IdList(query.Include.Distinct()));
                while (reader.Read())
                    users.Add(ReadUser(reader));
                return users;
            },
            cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<IReadOnlyCollection<long>> ContactsAsync(long userId, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        return await readers.ReadAsync(
            session =>
            {
                var ids = new List<long>();
                using var reader = session.Query(SelectContacts, userId, StoreLimits.Contacts);
                while (reader.Read())
                    ids.Add(reader.GetInt64(0));
                return ids;
            },
            cancellationToken);
    }

    private static ChatUser? FindUser(SqliteSession session, long userId)
    {
        using var reader = session.Query(SelectUser, userId);
        return reader.Read() ? ReadUser(reader) : null;
    }

    private static ChatUser ReadUser(SqliteDataReader reader) => new(reader.GetInt64(0), reader.GetString(1), reader.GetString(2));

    /// <summary>What is searched for as the <c>search_*</c> columns have it; null when nothing is.</summary>
    private static string? SearchText(string? search)
    {
        if (string.IsNullOrWhiteSpace(search))
            return null;
        StoreInput.RequireText(search, "search", StoreLimits.SearchLength);
        return search.Trim().ToUpperInvariant();
    }
}
