using Chatpulse.Server.Stores;
using Chatpulse.Server.Stores.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Stores.Specification;

namespace Chatpulse.Server.Tests.Stores;

/// <summary>The embedded store on real files in a directory of its own, which is deleted with it.</summary>
internal sealed class SqliteStoreHarness : IStoreHarness
{
    private readonly string directory = Directory.CreateTempSubdirectory("chatpulse-store-").FullName;
    private long lastUser;

    public SqliteStoreHarness(Func<SqliteStoreOptions, SqliteStoreOptions>? configure = null)
    {
        Options = new SqliteStoreOptions { DataDirectory = directory };
        Options = configure?.Invoke(Options) ?? Options;
        Sqlite = Open();
    }

    public SqliteStoreOptions Options { get; }

    /// <summary>Goes on a millisecond whenever it is read, so that what comes later is later.</summary>
    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.UtcNow) { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) };

    public SqliteChatStore Sqlite { get; private set; }

    public IChatStore Store => Sqlite;

    public long UnknownUserId => 999_999;

    public long UnknownThreadId => 888_888;

    public string DatabasePath => Path.Combine(directory, SqliteDatabase.FileName);

    public string AttachmentDirectory => Path.Combine(directory, "attachments");

    public async ValueTask<long> AddUserAsync(string name)
    {
        var id = ++lastUser;
        await Store.EnsureUserAsync(id, name, TestContext.Current.CancellationToken);
        return id;
    }

    public SqliteChatStore Open() => SqliteChatStore.Open(Options, Clock, NullLogger.Instance);

    /// <summary>Closes the store and opens it again.</summary>
    public async Task ReopenAsync()
    {
        await Sqlite.DisposeAsync();
        Sqlite = Open();
    }

    public async ValueTask DisposeAsync()
    {
        await Sqlite.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }
}
