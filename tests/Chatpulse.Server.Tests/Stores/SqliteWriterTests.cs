using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Stores.Sqlite;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores;

/// <summary>The one writer: what shares a commit, what is refused alone, and what becomes of everybody when the database fails.</summary>
public sealed class SqliteWriterTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_waits_together_is_committed_together()
    {
        await using var harness = new SqliteStoreHarness(Patient);
        var (sender, thread) = await ArrangeAsync(harness);
        var commits = harness.Sqlite.Writer.Commits;

        Task<StoredMessage>[] sends;
        using (new SqliteDatabaseLock(harness.DatabasePath))
            sends = [.. Enumerable.Range(0, 200).Select(i => SendAsync(harness, sender, thread, $"{i}"))];
        var stored = await Task.WhenAll(sends);

        // The writer may have taken the first of them alone before the others came.
        (harness.Sqlite.Writer.Commits - commits).ShouldBeInRange(1, 2);
        stored.Select(s => s.Message.Id).ShouldBeInOrder(SortDirection.Ascending);
    }

    [Fact]
    public async Task A_commit_takes_no_more_than_its_bound()
    {
        await using var harness = new SqliteStoreHarness(options => Patient(options) with { MaxWritesPerCommit = 10 });
        var (sender, thread) = await ArrangeAsync(harness);
        var commits = harness.Sqlite.Writer.Commits;

        Task<StoredMessage>[] sends;
        using (new SqliteDatabaseLock(harness.DatabasePath))
            sends = [.. Enumerable.Range(0, 100).Select(i => SendAsync(harness, sender, thread, $"{i}"))];
        await Task.WhenAll(sends);

        (harness.Sqlite.Writer.Commits - commits).ShouldBeInRange(10, 11);
    }

    [Fact]
    public async Task One_refusal_is_not_the_others()
    {
        await using var harness = new SqliteStoreHarness(Patient);
        var (sender, thread) = await ArrangeAsync(harness);

        Task<StoredMessage>[] sends;
        using (new SqliteDatabaseLock(harness.DatabasePath))
        {
            sends =
            [
                SendAsync(harness, sender, thread, "first"),
                SendAsync(harness, sender, thread, "with a file that is not there", 4711),
                SendAsync(harness, sender, harness.UnknownThreadId, "nowhere"),
                SendAsync(harness, harness.UnknownUserId, thread, "from nobody"),
                SendAsync(harness, sender, thread, "last"),
            ];
        }

        await sends[0];
        (await Should.ThrowAsync<ChatException>(sends[1])).Code.ShouldBe(ChatErrorCodes.Invalid);
        (await Should.ThrowAsync<ChatException>(sends[2])).Code.ShouldBe(ChatErrorCodes.NotFound);
        (await Should.ThrowAsync<ChatException>(sends[3])).Code.ShouldBe(ChatErrorCodes.Forbidden);
        await sends[4];
        (await HistoryAsync(harness, sender, thread)).ShouldBe(["first", "last"]);
    }

    [Fact]
    public async Task A_full_queue_is_unavailable_at_once_and_what_is_in_it_is_stored()
    {
        const int bound = 10;
        await using var harness = new SqliteStoreHarness(options => Patient(options) with { MaxWaitingWrites = bound, MaxWritesPerCommit = 5 });
        var (sender, thread) = await ArrangeAsync(harness);

        var accepted = new List<Task<StoredMessage>>();
        var refused = 0;
        using (new SqliteDatabaseLock(harness.DatabasePath))
        {
            for (var i = 0; i < 40; i++)
            {
                var send = SendAsync(harness, sender, thread, $"{i}");
                if (!send.IsFaulted)
                {
                    accepted.Add(send);
                    continue;
                }

                refused++;
                (await Should.ThrowAsync<ChatException>(send)).Code.ShouldBe(ChatErrorCodes.Unavailable);
            }
        }

        await Task.WhenAll(accepted);

        // Those in the queue, and those that the writer had taken out of it already.
        accepted.Count.ShouldBeInRange(bound, bound + 5);
        refused.ShouldBe(40 - accepted.Count);
        (await HistoryAsync(harness, sender, thread)).Count.ShouldBe(accepted.Count);
    }

    [Fact]
    public async Task A_locked_database_is_unavailable_and_works_again_when_it_is_free()
    {
        await using var harness = new SqliteStoreHarness(options => options with { LockTimeout = TimeSpan.FromMilliseconds(50) });
        var (sender, thread) = await ArrangeAsync(harness);

        using (new SqliteDatabaseLock(harness.DatabasePath))
        {
            (await Should.ThrowAsync<ChatException>(SendAsync(harness, sender, thread, "lost"))).Code.ShouldBe(ChatErrorCodes.Unavailable);
            (await Should.ThrowAsync<ChatException>(harness.Store.CheckHealthAsync(Cancellation).AsTask())).Code.ShouldBe(ChatErrorCodes.Unavailable);
            (await HistoryAsync(harness, sender, thread)).ShouldBeEmpty();
        }

        await harness.Store.CheckHealthAsync(Cancellation);
        await SendAsync(harness, sender, thread, "kept");
        (await HistoryAsync(harness, sender, thread)).ShouldBe(["kept"]);
    }

    [Fact]
    public async Task A_full_disk_is_unavailable_for_writers_only_and_works_again_when_there_is_room()
    {
        await using var harness = new SqliteStoreHarness(options => Patient(options) with { MaxDatabaseBytes = 400 * 1024 });
        var (sender, thread) = await ArrangeAsync(harness);
        var text = new string('x', StoreLimits.ContentCharacters);

        var stored = 0;
        ChatException? refusal = null;
        while (refusal is null && stored < 100)
        {
            try
            {
                await SendAsync(harness, sender, thread, text);
                stored++;
            }
            catch (ChatException e)
            {
                refusal = e;
            }
        }

        refusal.ShouldNotBeNull().Code.ShouldBe(ChatErrorCodes.Unavailable);
        stored.ShouldBeGreaterThan(0);
        (await HistoryAsync(harness, sender, thread)).Count.ShouldBe(stored);

        // Many at once fail together, and every one of them is told.
        foreach (var send in Enumerable.Range(0, 20).Select(_ => SendAsync(harness, sender, thread, text)).ToArray())
            (await Should.ThrowAsync<ChatException>(send)).Code.ShouldBe(ChatErrorCodes.Unavailable);

        using (var administrator = new SqliteDatabaseLock(harness.DatabasePath))
        {
            administrator.Execute("DELETE FROM chatpulse_messages; COMMIT");
        }

        await SendAsync(harness, sender, thread, text);
        (await HistoryAsync(harness, sender, thread)).ShouldBe([text]);
    }

    [Fact]
    public async Task A_caller_who_stops_waiting_disturbs_nobody()
    {
        await using var harness = new SqliteStoreHarness(Patient);
        var (sender, thread) = await ArrangeAsync(harness);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        Task<StoredMessage> first, cancelled, last;
        using (new SqliteDatabaseLock(harness.DatabasePath))
        {
            first = SendAsync(harness, sender, thread, "first");
            cancelled = harness.Store.SendAsync(new NewMessage(sender, thread, null, "cancelled", ContentTypes.PlainText, []), cancel.Token).AsTask();
            last = SendAsync(harness, sender, thread, "last");
            await cancel.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(cancelled);
        }

        await Task.WhenAll(first, last);
        var history = await HistoryAsync(harness, sender, thread);
        history[0].ShouldBe("first");
        history[^1].ShouldBe("last");
    }

    [Fact]
    public async Task Closing_does_what_waits_and_takes_no_more()
    {
        await using var harness = new SqliteStoreHarness(Patient);
        var (sender, thread) = await ArrangeAsync(harness);

        Task<StoredMessage>[] sends;
        Task closing;
        using (new SqliteDatabaseLock(harness.DatabasePath))
        {
            sends = [.. Enumerable.Range(0, 20).Select(i => SendAsync(harness, sender, thread, $"{i}"))];
            closing = harness.Sqlite.DisposeAsync().AsTask();
            (await Should.ThrowAsync<ChatException>(SendAsync(harness, sender, thread, "late"))).Code.ShouldBe(ChatErrorCodes.Unavailable);
        }

        await closing;
        await Task.WhenAll(sends);
        (await Should.ThrowAsync<ChatException>(HistoryAsync(harness, sender, thread))).Code.ShouldBe(ChatErrorCodes.Unavailable);
        await harness.ReopenAsync();
        (await HistoryAsync(harness, sender, thread)).Count.ShouldBe(20);
    }

    private static SqliteStoreOptions Patient(SqliteStoreOptions options) => options with { LockTimeout = TimeSpan.FromMinutes(2) };

    private static async Task<(long Sender, long Thread)> ArrangeAsync(SqliteStoreHarness harness)
    {
        var sender = await harness.AddUserAsync("Ann");
        var other = await harness.AddUserAsync("Bob");
        return (sender, (await harness.Store.CreateThreadAsync(sender, ThreadTypes.Group, null, [other], Cancellation)).Thread.Id);
    }

    private static Task<StoredMessage> SendAsync(SqliteStoreHarness harness, long sender, long thread, string content, params long[] attachments) =>
        harness.Store.SendAsync(new NewMessage(sender, thread, null, content, ContentTypes.PlainText, attachments), Cancellation).AsTask();

    private static async Task<List<string>> HistoryAsync(SqliteStoreHarness harness, long user, long thread) =>
        [.. (await harness.Store.HistoryAsync(user, thread, null, 0, 500, Cancellation)).Messages.Select(m => m.Content)];
}
