using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Chatpulse.Server.Stores.Sqlite;

/// <summary>
/// One connection with its prepared statements. Every statement's text is a constant of this program, so the cache has as many entries
/// as there are constants; values travel as parameters <c>$1, $2 …</c> only.
/// </summary>
/// <remarks>Not thread-safe: one thread at a time, and a reader is disposed before the next statement of the same text.</remarks>
internal sealed class SqliteSession : IDisposable
{
    private static readonly string[] ParameterNames = [.. Enumerable.Range(1, 16).Select(n => "$" + n.ToString(CultureInfo.InvariantCulture))];

    private readonly SqliteConnection connection;
    private readonly Dictionary<string, SqliteCommand> statements = new(StringComparer.Ordinal);

    public SqliteSession(SqliteConnection connection) => this.connection = connection;

    /// <summary>Runs a statement to its end and answers the number of rows it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteNonQuery();

    /// <summary>Runs a query; the caller disposes the reader.</summary>
    public SqliteDataReader Query(string sql, params ReadOnlySpan<object?> values) => Bind(sql, values).ExecuteReader();

    /// <summary>The first column of the first row as a number; null when there is no row or it holds NULL.</summary>
    public long? QueryNumber(string sql, params ReadOnlySpan<object?> values)
    {
        using var reader = Query(sql, values);
        return reader.Read() && !reader.IsDBNull(0) ? reader.GetInt64(0) : null;
    }

    public void Dispose()
    {
        foreach (var statement in statements.Values)
            statement.Dispose();
        connection.Dispose();
    }

    private SqliteCommand Bind(string sql, ReadOnlySpan<object?> values)
    {
        if (!statements.TryGetValue(sql, out var statement))
        {
            statement = connection.CreateCommand();
            statement.CommandText = sql;
            for (var i = 0; i < values.Length; i++)
                statement.Parameters.Add(new SqliteParameter { ParameterName = ParameterNames[i] });
            statements.Add(sql, statement);
        }

        for (var i = 0; i < values.Length; i++)
            statement.Parameters[i].Value = values[i] ?? DBNull.Value;
        return statement;
    }
}
