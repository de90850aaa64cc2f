using Microsoft.Data.Sqlite;

namespace Chatpulse.Server.Tests.Stores;

/// <summary>
/// Another program's transaction on the database: while it is held the store's writer waits, and what is sent meanwhile piles up behind
/// it. That makes what a group commit does repeatable.
/// </summary>
internal sealed class SqliteDatabaseLock : IDisposable
{
    private readonly SqliteConnection connection;

    public SqliteDatabaseLock(string databasePath)
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = databasePath, Pooling = false }.ConnectionString);
        connection.Open();
        Execute("BEGIN IMMEDIATE");
    }

    public void Execute(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public void Dispose() => connection.Dispose();
}
