using System.Globalization;
using Chatpulse.Server.Chat;
using Microsoft.Data.Sqlite;

namespace Chatpulse.Server.Stores.Sqlite;

/// <summary>The database file and how connections to it are opened.</summary>
internal sealed class SqliteDatabase(SqliteStoreOptions options)
{
    public const string FileName = "chatpulse.db";

    private const int PageBytes = 4096;

    private readonly string path = Path.Combine(options.DataDirectory, FileName);

    /// <summary>Opens the connection that writes.</summary>
    /// <remarks>
    /// WAL lets readers go on while a write commits. <c>synchronous=FULL</c> puts every commit on the disk before it is answered; the group
    /// commit shares that cost. The journal's size limit gives space back after a burst. What is deleted is overwritten with zeros.
    /// </remarks>
    public SqliteSession OpenForWriting()
    {
        var maxPages = options.MaxDatabaseBytes is { } bytes ? Math.Max(1, bytes / PageBytes) : 4_294_967_294;
        return Open(SqliteOpenMode.ReadWriteCreate, string.Create(CultureInfo.InvariantCulture, $"""
            PRAGMA page_size = {PageBytes};
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            PRAGMA journal_size_limit = 67108864;
            PRAGMA secure_delete = ON;
            PRAGMA cache_size = -16384;
            PRAGMA max_page_count = {maxPages};
            """));
    }

    /// <summary>Opens a connection that reads.</summary>
    public SqliteSession OpenForReading() => Open(SqliteOpenMode.ReadOnly, "PRAGMA cache_size = -8192;");

    /// <summary>The statement that makes a connection wait as long as the options say for others who hold the database.</summary>
    public static string SetLockTimeout(SqliteStoreOptions options) =>
        string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout = {(long)options.LockTimeout.TotalMilliseconds}");

    /// <summary>
    /// What a failure of the database itself is for the one who asked. The SQLite message goes to the log and not to the user.
    /// </summary>
    public static ChatException Unavailable(Exception cause) =>
        new(ChatErrorCodes.Unavailable, "The message store cannot be used right now; try again", cause);

    private SqliteSession Open(SqliteOpenMode mode, string pragmas)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            ForeignKeys = true,
            Pooling = false,
            DefaultTimeout = Math.Max(1, (int)Math.Ceiling(options.LockTimeout.TotalSeconds)),
        }.ConnectionString);
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = $"{SetLockTimeout(options)}; {pragmas}";
            command.ExecuteNonQuery();
            return new SqliteSession(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
