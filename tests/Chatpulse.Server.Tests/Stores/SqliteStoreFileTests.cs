using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Stores.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores;

/// <summary>The files on the disk: what survives, what is brought up to date, what is refused.</summary>
public sealed class SqliteStoreFileTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_answered_is_there_when_the_process_is_killed_right_after()
    {
        await using var harness = new SqliteStoreHarness();
        var ann = await harness.AddUserAsync("Ann");
        var thread = (await harness.Store.CreateThreadAsync(ann, ThreadTypes.Group, null, [], Cancellation)).Thread.Id;
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => harness.Store.SendAsync(
            new NewMessage(ann, thread, $"t{i}", $"{i}", ContentTypes.PlainText, []), Cancellation).AsTask()));
        using var upload = new MemoryStream([1, 2, 3]);
        var attachment = await harness.Store.AddAttachmentAsync(ann, "a.txt", "text/plain", upload, Cancellation);

        // What a killed process leaves: the files as they are now, with the journal, and nothing closed.
        var left = Directory.CreateTempSubdirectory("chatpulse-killed-").FullName;
        try
        {
            foreach (var suffix in (string[])["", "-wal"])
                File.Copy(harness.DatabasePath + suffix, Path.Combine(left, SqliteDatabase.FileName + suffix));
            Directory.CreateDirectory(Path.Combine(left, "attachments"));
            foreach (var file in Directory.EnumerateFiles(harness.AttachmentDirectory))
                File.Copy(file, Path.Combine(left, "attachments", Path.GetFileName(file)));

            await using var next = SqliteChatStore.Open(new SqliteStoreOptions { DataDirectory = left }, harness.Clock, NullLogger.Instance);
            var history = (await next.HistoryAsync(ann, thread, null, 0, 500, Cancellation)).Messages;
            history.Select(m => m.Content).ShouldBe(Enumerable.Range(0, 100).Select(i => $"{i}"));
            (await next.SendAsync(new NewMessage(ann, thread, "t7", "7", ContentTypes.PlainText, []), Cancellation)).AlreadyStored.ShouldBeTrue();
            await using var content = (await next.OpenAttachmentAsync(ann, attachment.Id, Cancellation)).Content;
            content.Length.ShouldBe(3);
        }
        finally
        {
            Directory.Delete(left, recursive: true);
        }
    }

    [Fact]
    public async Task A_database_of_the_first_version_is_brought_up_to_date_with_what_is_in_it()
    {
        var directory = Directory.CreateTempSubdirectory("chatpulse-old-").FullName;
        try
        {
            var options = new SqliteStoreOptions { DataDirectory = directory };
            using (var session = new SqliteDatabase(options).OpenForWriting())
            {
                SqliteMigrations.Run(session, directory, target: 1);
                session.QueryNumber("PRAGMA user_version").ShouldBe(1);
                session.Execute("""
                    INSERT INTO chatpulse_users (id, display_name, search_name, created_at) VALUES (7, 'Ann', 'ANN', 0);
                    INSERT INTO chatpulse_message_threads (id, type, title, search_title, created_by, created_at, updated_at) VALUES (3, 'group', '', '', 7, 0, 0);
                    INSERT INTO chatpulse_message_participants (thread_id, user_id, joined_at) VALUES (3, 7, 0);
                    INSERT INTO chatpulse_messages (thread_id, sender_id, content, content_type, status, created_at, updated_at) VALUES (3, 7, 'old', 'text/plain', 'sent', 0, 0);
                    """);
            }

            await using (var store = SqliteChatStore.Open(options, TimeProvider.System, NullLogger.Instance))
            {
                (await store.HistoryAsync(7, 3, null, null, 10, Cancellation)).Messages.ShouldHaveSingleItem().Content.ShouldBe("old");
                (await store.EditAsync(7, 3, 1, "new", Cancellation)).Content.ShouldBe("new");
                await store.CheckHealthAsync(Cancellation);
            }

            using var after = new SqliteDatabase(options).OpenForReading();
            after.QueryNumber("PRAGMA user_version").ShouldBe(SqliteMigrations.Current);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void A_step_that_fails_leaves_the_version_before_it()
    {
        var directory = Directory.CreateTempSubdirectory("chatpulse-odd-").FullName;
        try
        {
            var options = new SqliteStoreOptions { DataDirectory = directory };
            using (var session = new SqliteDatabase(options).OpenForWriting())
            {
                // Something of a step's own name is in its way, after the step has made other tables.
                session.Execute("CREATE TABLE chatpulse_message_read_receipts (x)");
            }

            var refusal = Should.Throw<StoreOpenException>(() => SqliteChatStore.Open(options, TimeProvider.System, NullLogger.Instance));

            refusal.Message.ShouldContain(directory);
            using var after = new SqliteDatabase(options).OpenForReading();
            after.QueryNumber("PRAGMA user_version").ShouldBe(0);
            after.QueryNumber("SELECT count(*) FROM sqlite_schema WHERE name = 'chatpulse_users'").ShouldBe(0);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused_and_left_alone()
    {
        await using var harness = new SqliteStoreHarness();
        await harness.Sqlite.DisposeAsync();
        var newer = SqliteMigrations.Current + 1;
        Execute(harness.DatabasePath, $"PRAGMA user_version = {newer}");

        var refusal = Should.Throw<StoreOpenException>(harness.Open);

        refusal.Message.ShouldContain($"version {newer}");
        refusal.Message.ShouldContain(harness.Options.DataDirectory);
        Execute(harness.DatabasePath, $"PRAGMA user_version = {SqliteMigrations.Current}");
        await harness.ReopenAsync();
    }

    [Fact]
    public async Task A_second_server_on_the_same_directory_is_refused_until_the_first_ends()
    {
        await using var harness = new SqliteStoreHarness();

        var refusal = Should.Throw<StoreOpenException>(harness.Open);

        refusal.Message.ShouldContain(harness.Options.DataDirectory);
        refusal.Message.ShouldContain("DATA_DIR");
        await harness.Store.CheckHealthAsync(Cancellation);
        await harness.ReopenAsync();
        await harness.Store.CheckHealthAsync(Cancellation);
    }

    [Fact]
    public void Trouble_with_the_lock_file_is_not_taken_for_another_process()
    {
        var directory = Directory.CreateTempSubdirectory("chatpulse-lock-").FullName;
        try
        {
            // A link to itself: opening it fails, and nobody holds it.
            var path = Path.Combine(directory, "chatpulse.lock");
            File.CreateSymbolicLink(path, path);

            var refusal = Should.Throw<StoreOpenException>(() => SqliteChatStore.Open(new SqliteStoreOptions { DataDirectory = directory }, TimeProvider.System, NullLogger.Instance));

            refusal.Message.ShouldContain("cannot be written");
            refusal.Message.ShouldNotContain("in use");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_alone()
    {
        var directory = Directory.CreateTempSubdirectory("chatpulse-text-").FullName;
        try
        {
            var path = Path.Combine(directory, SqliteDatabase.FileName);
            var text = string.Concat(Enumerable.Repeat("this is not a database\n", 500));
            await File.WriteAllTextAsync(path, text, Cancellation);

            Should.Throw<StoreOpenException>(() => SqliteChatStore.Open(new SqliteStoreOptions { DataDirectory = directory }, TimeProvider.System, NullLogger.Instance));

            (await File.ReadAllTextAsync(path, Cancellation)).ShouldBe(text);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_path_that_is_a_file_is_refused()
    {
        await using var harness = new SqliteStoreHarness();

        Should.Throw<StoreOpenException>(() => SqliteChatStore.Open(
            new SqliteStoreOptions { DataDirectory = harness.DatabasePath }, TimeProvider.System, NullLogger.Instance)).Message.ShouldContain(harness.DatabasePath);
    }

    [Fact]
    public async Task Every_commit_reaches_the_disk_before_it_is_answered()
    {
        await using var harness = new SqliteStoreHarness();

        var (journal, synchronous) = await harness.Sqlite.Writer.WriteAsync(
            session =>
            {
                using var reader = session.Query("PRAGMA journal_mode");
                reader.Read();
                return (reader.GetString(0), session.QueryNumber("PRAGMA synchronous"));
            },
            Cancellation);

        journal.ShouldBe("wal");
        synchronous.ShouldBe(2);
    }

    [Fact]
    public async Task What_is_deleted_is_not_in_the_files_any_more()
    {
        await using var harness = new SqliteStoreHarness();
        var ann = await harness.AddUserAsync("Ann");
        var thread = (await harness.Store.CreateThreadAsync(ann, ThreadTypes.Group, null, [], Cancellation)).Thread.Id;
        using var upload = new MemoryStream([1, 2, 3]);
        var file = await harness.Store.AddAttachmentAsync(ann, "secret-name.txt", "text/plain", upload, Cancellation);
        var longSecret = string.Concat(Enumerable.Repeat("long-secret ", 700));
        var sent = await SendAsync("short-secret", file.Id);
        var sentLong = await SendAsync(longSecret.Trim());
        await SendAsync("kept");
        (await TextOnDiskAsync()).ShouldContain("short-secret");

        await harness.Store.DeleteAsync(ann, thread, sent, Cancellation);
        await harness.Store.DeleteAsync(ann, thread, sentLong, Cancellation);

        var left = await TextOnDiskAsync();
        left.ShouldContain("kept");
        left.ShouldNotContain("short-secret");
        left.ShouldNotContain("long-secret");
        left.ShouldNotContain("secret-name");
        Directory.EnumerateFiles(harness.AttachmentDirectory).ShouldBeEmpty();

        async Task<long> SendAsync(string content, params long[] attachments) =>
            (await harness.Store.SendAsync(new NewMessage(ann, thread, null, content, ContentTypes.PlainText, attachments), Cancellation)).Message.Id;

        async Task<string> TextOnDiskAsync()
        {
            var text = "";
            foreach (var suffix in (string[])["", "-wal"])
            {
                await using var content = new FileStream(harness.DatabasePath + suffix, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                using var reader = new StreamReader(content, System.Text.Encoding.Latin1);
                text += await reader.ReadToEndAsync(Cancellation);
            }

            return text;
        }
    }

    [Fact]
    public async Task A_reader_that_lasts_holds_no_deletion_up_and_the_next_write_makes_up_for_it()
    {
        await using var harness = new SqliteStoreHarness();
        var ann = await harness.AddUserAsync("Ann");
        var thread = (await harness.Store.CreateThreadAsync(ann, ThreadTypes.Group, null, [], Cancellation)).Thread.Id;
        var sent = (await harness.Store.SendAsync(new NewMessage(ann, thread, null, "secret", ContentTypes.PlainText, []), Cancellation)).Message.Id;
        using (var backup = new SqliteDatabase(harness.Options).OpenForReading())
        {
            backup.Execute("BEGIN");
            backup.QueryNumber("SELECT count(*) FROM chatpulse_messages").ShouldBe(1);

            (await harness.Store.DeleteAsync(ann, thread, sent, Cancellation)).Content.ShouldBe("");

            new FileInfo(harness.DatabasePath + "-wal").Length.ShouldBeGreaterThan(0);
        }

        await harness.Store.CheckHealthAsync(Cancellation);

        new FileInfo(harness.DatabasePath + "-wal").Length.ShouldBe(0);
    }

    private static void Execute(string databasePath, string sql)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = databasePath, Pooling = false }.ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
