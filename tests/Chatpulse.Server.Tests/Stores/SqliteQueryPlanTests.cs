using System.Globalization;
using System.Reflection;
using Chatpulse.Server.Stores.Sqlite;
using Microsoft.Data.Sqlite;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores;

/// <summary>No statement of the store reads a whole table, however it came to be written: SQLite is asked for each one's plan.</summary>
public sealed class SqliteQueryPlanTests
{
    /// <summary>Lists of ids that came with the call, and the search for a part of a name, which no index can answer: it walks the names in order.</summary>
    private static readonly string[] Scans = ["SCAN ids", "SCAN json_each", "SCAN chatpulse_users USING INDEX chatpulse_users_by_name"];

    [Fact]
    public async Task Every_statement_uses_an_index()
    {
        await using var harness = new SqliteStoreHarness();
        using var connection = Connect(harness.DatabasePath);

        var statements = Statements();
        statements.Count.ShouldBeGreaterThan(30);
        var scans = from statement in statements
                    from step in Plan(connection, statement.Sql)
                    where step.StartsWith("SCAN", StringComparison.Ordinal) && !Scans.Any(scan => step.StartsWith(scan, StringComparison.Ordinal))
                    select $"{statement.Name}: {step}";
        scans.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("SelectNewest")]
    [InlineData("SelectBefore")]
    [InlineData("SelectAfter")]
    [InlineData("SelectBeforeTime")]
    [InlineData("SelectIdsDownFrom")]
    [InlineData("SearchUsers")]
    public async Task A_page_is_read_in_the_order_of_an_index_and_not_sorted(string name)
    {
        await using var harness = new SqliteStoreHarness();
        using var connection = Connect(harness.DatabasePath);

        var plan = Plan(connection, Statements().Single(s => string.Equals(s.Name, name, StringComparison.Ordinal)).Sql);

        plan.ShouldNotBeEmpty();
        plan.ShouldAllBe(step => !step.Contains("TEMP B-TREE"));
    }

    private static SqliteConnection Connect(string databasePath)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = databasePath, Pooling = false }.ConnectionString);
        connection.Open();
        return connection;
    }

    private static List<(string Name, string Sql)> Statements() =>
    [
        .. from type in new[] { typeof(SqliteChatStore), typeof(Membership) }
           from field in type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
           where field is { IsLiteral: true } && field.FieldType == typeof(string)
           let sql = (string)field.GetRawConstantValue()!
           // Parts of statements begin with something else, or have their conditions missing.
           where sql.Split(' ', '\n')[0] is "SELECT" or "INSERT" or "UPDATE" or "DELETE" && field.Name is not ("SelectMessages" or "FromThreads")
           select (field.Name, sql),
    ];

    private static List<string> Plan(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
        for (var i = 1; i <= 8; i++)
        {
            var parameter = "$" + i.ToString(CultureInfo.InvariantCulture);
            if (sql.Contains(parameter, StringComparison.Ordinal))
                command.Parameters.AddWithValue(parameter, 1);
        }

        var steps = new List<string>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
            steps.Add(reader.GetString(3));
        return steps;
    }
}
