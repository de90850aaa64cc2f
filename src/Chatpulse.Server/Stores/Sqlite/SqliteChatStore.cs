using Microsoft.Data.Sqlite;

namespace Chatpulse.Server.Stores.Sqlite;

/// <summary>
/// The embedded store: everything in one SQLite database in WAL mode, files beside it. What was answered is on the disk, also when the
/// process is killed or the machine loses power right after (as far as its disk keeps what it confirmed).
/// </summary>
/// <remarks>
/// Thread-safe. Writes go through one <see cref="SqliteWriter"/> in the order of the calls, reads through <see cref="SqliteReaders"/>;
/// a read sees every write that was answered before it. A caller who cancels stops waiting, but the write may still be done.
/// Where the thread is unknown the refusal is <c>not_found</c>; where it is known and the user is not in it, <c>forbidden</c>.
/// </remarks>
public sealed partial class SqliteChatStore : IEmbeddedStore, IAsyncDisposable
{
    private const string WriteHealth = """
        INSERT INTO chatpulse_health (id, checked_at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET checked_at = excluded.checked_at
        """;

    private const string ReadHealth = "SELECT checked_at FROM chatpulse_health WHERE id = 1";

    private readonly SqliteStoreOptions options;
    private readonly TimeProvider timeProvider;
    private readonly ILogger logger;
    private readonly DataDirectoryLock directoryLock;
    private readonly SqliteWriter writer;
    private readonly SqliteReaders readers;
    private readonly MembershipCache members;
    private readonly AttachmentFiles files;

    private SqliteChatStore(SqliteStoreOptions options, TimeProvider timeProvider, ILogger logger, DataDirectoryLock directoryLock, SqliteDatabase database, SqliteSession session)
    {
        this.options = options;
        this.timeProvider = timeProvider;
        this.logger = logger;
        this.directoryLock = directoryLock;
        writer = new SqliteWriter(database, session, options, logger);
        readers = new SqliteReaders(database, options, logger);
        members = new MembershipCache(options.MaxCachedMemberships);
        files = new AttachmentFiles(options.DataDirectory);
    }

    /// <summary>The writer, for its counters.</summary>
    internal SqliteWriter Writer => writer;

    private long Now => timeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>
    /// Opens the store, brings the database to this program's version and takes the directory for this process. Blocks while it does.
    /// </summary>
    /// <exception cref="StoreOpenException">
    /// The directory cannot be used or another process uses it, or the database is of a newer version, or is no database.
    /// </exception>
    public static SqliteChatStore Open(SqliteStoreOptions options, TimeProvider timeProvider, ILogger logger)
    {
        try
        {
            // Conversations are nobody else's business on a machine that others use too.
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(options.DataDirectory);
            else
                Directory.CreateDirectory(options.DataDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreOpenException($"The data directory '{options.DataDirectory}' cannot be made: {e.Message}", e);
        }

        var taken = DataDirectoryLock.Take(options.DataDirectory);
        SqliteSession? session = null;
        try
        {
            var database = new SqliteDatabase(options);
            session = database.OpenForWriting();
            SqliteMigrations.Run(session, options.DataDirectory);
            return new SqliteChatStore(options, timeProvider, logger, taken, database, session);
        }
        catch (Exception e)
        {
            session?.Dispose();
            taken.Dispose();
            if (e is SqliteException or IOException or UnauthorizedAccessException)
                throw new StoreOpenException($"The database in '{options.DataDirectory}' cannot be opened: {e.Message}", e);
            throw;
        }
    }

    /// <summary>Takes no more calls (they are <c>unavailable</c>), does the writes that wait, and closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        readers.Dispose();
        await writer.DisposeAsync();
        directoryLock.Dispose();
    }

    /// <inheritdoc />
    public async ValueTask CheckAccessAsync(long userId, long threadId, CancellationToken cancellationToken)
    {
        if (!options.CreateWhatIsNamed)
        {
            await CheckMembershipAsync(userId, threadId, cancellationToken);
            return;
        }

        StoreInput.RequireId(userId, "userId");
        StoreInput.RequireId(threadId, "threadId");
        if (members.Contains(userId, threadId))
            return;
        var version = members.Version;
        if (!await readers.ReadAsync(session => Membership.FindMemberName(session, userId, threadId) is not null, cancellationToken))
            await writer.WriteAsync(session => Membership.RequireOrCreate(session, userId, threadId, create: true, Now), cancellationToken);
        members.Add(userId, threadId, version);
    }

    /// <inheritdoc />
    public async ValueTask CheckMembershipAsync(long userId, long threadId, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        StoreInput.RequireId(threadId, "threadId");
        if (members.Contains(userId, threadId))
            return;
        var version = members.Version;
        await readers.ReadAsync(
            session =>
            {
                Membership.Require(session, userId, threadId);
                return true;
            },
            cancellationToken);
        members.Add(userId, threadId, version);
    }

    /// <inheritdoc />
    public async ValueTask CheckHealthAsync(CancellationToken cancellationToken)
    {
        await writer.WriteAsync(
            session => session.Execute(WriteHealth, Now),
            cancellationToken);
        await readers.ReadAsync(session => session.QueryNumber(ReadHealth), cancellationToken);
    }

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    /// <summary>A list of ids as one SQL parameter, for <c>json_each</c>.</summary>
    private static string IdList(IEnumerable<long> ids) => $"[{string.Join(',', ids)}]";
}
