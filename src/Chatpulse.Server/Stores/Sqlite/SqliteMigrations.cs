using System.Globalization;

namespace Chatpulse.Server.Stores.Sqlite;

/// <summary>
/// The database's layout, as steps. <c>PRAGMA user_version</c> holds the number of steps that were done; each runs once, in one
/// transaction with its number. A step that was ever released is never changed: a new one is added.
/// </summary>
internal static class SqliteMigrations
{
    /// <summary>
    /// Times are milliseconds since 1970, UTC. <c>search_*</c> columns hold the upper-case text that is searched in, because SQLite
    /// itself folds ASCII only. A participant's unread messages are <c>message_count - sent_count - read_count</c>: sending to a thread
    /// changes two rows however many are in it, and a list of threads counts nothing. Deleted messages are in none of the three.
    /// </summary>
    private const string CreateTables = """
        CREATE TABLE chatpulse_users (
            id INTEGER PRIMARY KEY,
            display_name TEXT NOT NULL,
            search_name TEXT NOT NULL,
            email TEXT NOT NULL DEFAULT '',
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX chatpulse_users_by_name ON chatpulse_users (search_name, id);

        CREATE TABLE chatpulse_message_threads (
            id INTEGER PRIMARY KEY,
            type TEXT NOT NULL CHECK (type IN ('private', 'group')),
            title TEXT NOT NULL,
            search_title TEXT NOT NULL,
            private_pair TEXT UNIQUE,
            created_by INTEGER NOT NULL REFERENCES chatpulse_users (id),
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            message_count INTEGER NOT NULL DEFAULT 0,
            last_message_id INTEGER
        ) STRICT;

        CREATE TABLE chatpulse_messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            thread_id INTEGER NOT NULL REFERENCES chatpulse_message_threads (id),
            sender_id INTEGER NOT NULL REFERENCES chatpulse_users (id),
            temp_id TEXT,
            content TEXT NOT NULL,
            content_type TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('sent', 'delivered', 'read')),
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX chatpulse_messages_by_thread ON chatpulse_messages (thread_id, id);
        CREATE INDEX chatpulse_messages_by_time ON chatpulse_messages (thread_id, created_at, id);
        CREATE UNIQUE INDEX chatpulse_messages_by_temp_id ON chatpulse_messages (thread_id, sender_id, temp_id) WHERE temp_id IS NOT NULL;

        CREATE TABLE chatpulse_message_participants (
            thread_id INTEGER NOT NULL REFERENCES chatpulse_message_threads (id),
            user_id INTEGER NOT NULL REFERENCES chatpulse_users (id),
            joined_at INTEGER NOT NULL,
            sent_count INTEGER NOT NULL DEFAULT 0,
            read_count INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (thread_id, user_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX chatpulse_message_participants_by_user ON chatpulse_message_participants (user_id, thread_id);

        CREATE TABLE chatpulse_message_read_receipts (
            message_id INTEGER NOT NULL REFERENCES chatpulse_messages (id),
            user_id INTEGER NOT NULL REFERENCES chatpulse_users (id),
            read_at INTEGER NOT NULL,
            PRIMARY KEY (message_id, user_id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE chatpulse_message_attachments (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            uploader_id INTEGER NOT NULL REFERENCES chatpulse_users (id),
            message_id INTEGER REFERENCES chatpulse_messages (id),
            position INTEGER NOT NULL DEFAULT 0,
            filename TEXT NOT NULL,
            stored_name TEXT NOT NULL UNIQUE,
            mime_type TEXT NOT NULL,
            size INTEGER NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX chatpulse_message_attachments_by_message ON chatpulse_message_attachments (message_id, position) WHERE message_id IS NOT NULL;
        CREATE INDEX chatpulse_message_attachments_unused ON chatpulse_message_attachments (created_at) WHERE message_id IS NULL;
        """;

    /// <summary>The health check writes here, because only a write shows that writing works.</summary>
    private const string CreateHealthTable = """
        CREATE TABLE chatpulse_health (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            checked_at INTEGER NOT NULL
        ) STRICT;
        """;

    /// <summary>
    /// A reaction's id keeps the order in which they were made. Whoever was taken out of a thread keeps the counters for a return, and is known as
    /// somebody who may not simply come back.
    /// </summary>
    private const string CreateChanges = """
        ALTER TABLE chatpulse_messages ADD COLUMN edited_at INTEGER;
        ALTER TABLE chatpulse_messages ADD COLUMN deleted_at INTEGER;

        CREATE TABLE chatpulse_message_reactions (
            id INTEGER PRIMARY KEY,
            message_id INTEGER NOT NULL REFERENCES chatpulse_messages (id),
            emoji TEXT NOT NULL,
            user_id INTEGER NOT NULL REFERENCES chatpulse_users (id),
            UNIQUE (message_id, emoji, user_id)
        ) STRICT;

        CREATE TABLE chatpulse_message_former_participants (
            thread_id INTEGER NOT NULL REFERENCES chatpulse_message_threads (id),
            user_id INTEGER NOT NULL REFERENCES chatpulse_users (id),
            sent_count INTEGER NOT NULL,
            read_count INTEGER NOT NULL,
            PRIMARY KEY (thread_id, user_id)
        ) STRICT, WITHOUT ROWID;
        """;

    private static readonly string[] Steps = [CreateTables, CreateHealthTable, CreateChanges];

    /// <summary>The version that this program writes and reads.</summary>
    public static int Current => Steps.Length;

    /// <summary>Brings the database to <see cref="Current"/>; throws <see cref="StoreOpenException"/> for one that a newer program made.</summary>
    public static void Run(SqliteSession session, string directory) => Run(session, directory, Current);

    /// <summary>The same, up to a given version: what an older program would have left.</summary>
    internal static void Run(SqliteSession session, string directory, int target)
    {
        var version = (int)(session.QueryNumber("PRAGMA user_version") ?? 0);
        if (version > Current)
        {
            throw new StoreOpenException(string.Create(CultureInfo.InvariantCulture,
                $"The database in '{directory}' has version {version}, and this program knows versions up to {Current}. Start the newer program that made it, or restore a backup from before the update."));
        }

        for (; version < target; version++)
        {
            session.Execute("BEGIN IMMEDIATE");
            session.Execute(Steps[version]);
            session.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {version + 1}"));
            session.Execute("COMMIT");
        }
    }
}
