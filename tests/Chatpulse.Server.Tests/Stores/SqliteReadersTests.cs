using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores;

public sealed class SqliteReadersTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Over_the_bound_a_read_is_unavailable_at_once_and_later_works_again()
    {
        await using var harness = new SqliteStoreHarness(options => options with { Readers = 1, MaxWaitingReads = 2 });
        using var readers = new SqliteReaders(new SqliteDatabase(harness.Options), harness.Options, NullLogger.Instance);
        using var inside = new SemaphoreSlim(0);
        using var leave = new ManualResetEventSlim();
        var slow = Task.Run(
            () => readers.ReadAsync(
                _ =>
                {
                    inside.Release();
                    leave.Wait(Cancellation);
                    return 0;
                },
                Cancellation).AsTask(),
            Cancellation);
        await inside.WaitAsync(Cancellation);

        var waiting = new[] { ReadAsync(readers), ReadAsync(readers) };
        (await Should.ThrowAsync<ChatException>(ReadAsync(readers))).Code.ShouldBe(ChatErrorCodes.Unavailable);
        leave.Set();

        await slow;
        (await Task.WhenAll(waiting)).ShouldBe([42, 42]);
        (await ReadAsync(readers)).ShouldBe(42);
    }

    [Fact]
    public async Task A_read_that_fails_leaves_the_connection_usable()
    {
        await using var harness = new SqliteStoreHarness(options => options with { Readers = 1 });
        using var readers = new SqliteReaders(new SqliteDatabase(harness.Options), harness.Options, NullLogger.Instance);

        await Should.ThrowAsync<InvalidOperationException>(readers.ReadAsync<long?>(_ => throw new InvalidOperationException(), Cancellation).AsTask());
        (await Should.ThrowAsync<ChatException>(readers.ReadAsync(s => s.QueryNumber("SELECT nothing"), Cancellation).AsTask())).Code.ShouldBe(ChatErrorCodes.Unavailable);

        (await ReadAsync(readers)).ShouldBe(42);
    }

    [Fact]
    public async Task A_read_sees_one_state_while_others_write()
    {
        await using var harness = new SqliteStoreHarness();
        using var readers = new SqliteReaders(new SqliteDatabase(harness.Options), harness.Options, NullLogger.Instance);
        await harness.AddUserAsync("Ann");
        using var counted = new SemaphoreSlim(0);
        using var go = new ManualResetEventSlim();

        var counts = Task.Run(
            () => readers.ReadAsync(
                session =>
                {
                    var before = session.QueryNumber("SELECT count(*) FROM chatpulse_users");
                    counted.Release();
                    go.Wait(Cancellation);
                    return (before, session.QueryNumber("SELECT count(*) FROM chatpulse_users"));
                },
                Cancellation).AsTask(),
            Cancellation);
        await counted.WaitAsync(Cancellation);
        await harness.AddUserAsync("Bob");
        go.Set();

        (await counts).ShouldBe((1, 1));
        (await readers.ReadAsync(s => s.QueryNumber("SELECT count(*) FROM chatpulse_users"), Cancellation)).ShouldBe(2);
    }

    private static Task<long?> ReadAsync(SqliteReaders readers) => readers.ReadAsync(session => session.QueryNumber("SELECT 42"), Cancellation).AsTask();
}
