using System.Diagnostics.Metrics;
using Chatpulse.Server.Chat;
using Microsoft.Data.Sqlite;

namespace Chatpulse.Server.Stores.Sqlite;

/// <summary>
/// The only writer of the database. Whatever waits is written in one transaction (group commit), so that many who send at the same time
/// share one wait for the disk; each operation has a savepoint of its own, so that one's failure is never another's. Callers are answered
/// after the commit and not before. When the database itself fails (disk full, locked, I/O error) nothing of the transaction is stored,
/// everybody in it is told <c>unavailable</c>, and the next transaction starts afresh, on a new connection if need be.
/// </summary>
/// <remarks>
/// Threading: any thread enqueues; <see cref="gate"/> guards the queue and the closing flag and is held for a few instructions only. One
/// thread of its own runs the transactions and is the only one to touch <see cref="session"/>. It is a thread and not a task because it
/// spends its life waiting for the disk. Operations run in the order they were enqueued.
/// </remarks>
internal sealed partial class SqliteWriter : IAsyncDisposable
{
    private readonly object gate = new();
    private readonly Queue<WriteOperation> waiting = new();
    private readonly List<WriteOperation> batch = [];
    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SqliteDatabase database;
    private readonly int maxWaiting;
    private readonly int maxBatch;
    private readonly string restoreLockTimeout;
    private readonly ILogger logger;
    private readonly Meter meter = new("Chatpulse.Store");
    private SqliteSession? session;
    private bool closing;
    private bool erasing;
    private long commits;
    private long writes;
    private long failedCommits;

    /// <summary>Takes over the session that the migrations ran on.</summary>
    public SqliteWriter(SqliteDatabase database, SqliteSession session, SqliteStoreOptions options, ILogger logger)
    {
        this.database = database;
        this.session = session;
        this.logger = logger;
        maxWaiting = options.MaxWaitingWrites;
        maxBatch = options.MaxWritesPerCommit;
        restoreLockTimeout = SqliteDatabase.SetLockTimeout(options);
        meter.CreateObservableCounter("chatpulse.store.commits", () => Commits, "{commit}", "Transactions committed");
        meter.CreateObservableCounter("chatpulse.store.writes", () => Writes, "{write}", "Writes that were committed or refused one by one");
        meter.CreateObservableCounter("chatpulse.store.failed_commits", () => Volatile.Read(ref failedCommits), "{commit}", "Transactions that the database could not do");
        meter.CreateObservableGauge("chatpulse.store.waiting_writes", WaitingCount, "{write}", "Writes that wait for the next transaction");
        new Thread(Run) { IsBackground = true, Name = "chatpulse store writer" }.Start();
    }

    /// <summary>Transactions committed so far.</summary>
    public long Commits => Volatile.Read(ref commits);

    /// <summary>Operations done in them so far, the refused ones too.</summary>
    public long Writes => Volatile.Read(ref writes);

    /// <summary>
    /// Enqueues a write before it returns and completes after the commit, with the operation's result or what it threw. A full queue or a
    /// closed store throws <c>unavailable</c>. When the caller cancels, the wait ends and the write may still be done.
    /// </summary>
    public Task<T> WriteAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken) => EnqueueAsync(work, erases: false, cancellationToken);

    /// <summary>
    /// As <see cref="WriteAsync"/>, for a write that takes something away for good: the journal, which still holds it, is emptied before anybody is answered.
    /// Where another program is reading the database just then, a backup for example, that is made up for by the next write.
    /// </summary>
    public Task<T> EraseAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken) => EnqueueAsync(work, erases: true, cancellationToken);

    /// <summary>Takes no more writes, does those that wait, and closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            closing = true;
            Monitor.Pulse(gate);
        }

#pragma warning disable VSTHRD003 // The writer's thread completes it and waits for nobody.
        await stopped.Task;
#pragma warning restore VSTHRD003
        meter.Dispose();
    }

    internal static ChatException Closed() => new(ChatErrorCodes.Unavailable, "The message store is closed");

    /// <summary>
    /// Errors that are about one operation's statement. Everything else that SQLite reports is about the database, and may have ended the
    /// transaction by itself, so that going on with the next operation would store it outside of any.
    /// </summary>
    private static bool IsOperationError(Exception e) =>
        e is not SqliteException { SqliteErrorCode: not (SqliteError or SqliteTooBig or SqliteConstraint or SqliteMismatch or SqliteRange) };

    private const int SqliteError = 1;
    private const int SqliteTooBig = 18;
    private const int SqliteConstraint = 19;
    private const int SqliteMismatch = 20;
    private const int SqliteRange = 25;

    private Task<T> EnqueueAsync<T>(Func<SqliteSession, T> work, bool erases, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var operation = new WriteOperation<T>(work, erases, cancellationToken);
        lock (gate)
        {
            if (closing)
                throw Closed();
            if (waiting.Count >= maxWaiting)
                throw new ChatException(ChatErrorCodes.Unavailable, "Too many writes are waiting for the message store; try again later");
            waiting.Enqueue(operation);
            if (waiting.Count == 1)
                Monitor.Pulse(gate);
        }

        return operation.Completion.WaitAsync(cancellationToken);
    }

    private int WaitingCount()
    {
        lock (gate)
            return waiting.Count;
    }

    private void Run()
    {
        try
        {
            while (TakeBatch())
                WriteBatch();
            session?.Dispose();
            stopped.SetResult();
        }
        catch (Exception e)
        {
            stopped.SetException(e);
        }
    }

    private bool TakeBatch()
    {
        batch.Clear();
        lock (gate)
        {
            while (waiting.Count == 0)
            {
                if (closing)
                    return false;
                Monitor.Wait(gate);
            }

            while (batch.Count < maxBatch && waiting.TryDequeue(out var operation))
                batch.Add(operation);
        }

        return true;
    }

    private void WriteBatch()
    {
        try
        {
            session ??= database.OpenForWriting();
            session.Execute("BEGIN IMMEDIATE");
            foreach (var operation in batch)
                Execute(session, operation);
            session.Execute("COMMIT");
            erasing |= batch.Exists(operation => operation.HasErased);
            if (erasing)
                erasing = !EmptyJournal(session);
        }
        catch (Exception e)
        {
            Volatile.Write(ref failedCommits, failedCommits + 1);
            LogBatchFailed(batch.Count, e);
            RollBack();
            foreach (var operation in batch)
                operation.Fail(SqliteDatabase.Unavailable(e));
            return;
        }

        Volatile.Write(ref commits, commits + 1);
        Volatile.Write(ref writes, writes + batch.Count);
        foreach (var operation in batch)
            operation.Answer();
    }

    private static void Execute(SqliteSession session, WriteOperation operation)
    {
        if (operation.IsCancelled)
        {
            operation.Refuse(new OperationCanceledException());
            return;
        }

        session.Execute("SAVEPOINT operation");
        try
        {
            operation.Execute(session);
        }
        catch (Exception e) when (IsOperationError(e))
        {
            session.Execute("ROLLBACK TO operation");
            operation.Refuse(e);
        }

        session.Execute("RELEASE operation");
    }

    /// <summary>Moves the journal's content into the database and leaves it empty; false when a reader was in the way too long.</summary>
    private bool EmptyJournal(SqliteSession session)
    {
        try
        {
            session.Execute("PRAGMA busy_timeout = 50");
            return session.QueryNumber("PRAGMA wal_checkpoint(TRUNCATE)") is 0;
        }
        catch (SqliteException e)
        {
            // What was committed is committed all the same: the callers must not hear otherwise.
            LogJournalNotEmptied(e);
            return false;
        }
        finally
        {
            session.Execute(restoreLockTimeout);
        }
    }

    /// <summary>Leaves a connection that can begin again, or none: the next transaction then opens a new one.</summary>
    private void RollBack()
    {
        try
        {
            session?.Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // Either SQLite had rolled back by itself or the connection is broken. A new connection is right for both.
            session?.Dispose();
            session = null;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The store could not write; {Count} writes were answered with unavailable")]
    private partial void LogBatchFailed(int count, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The store's journal could not be emptied after a deletion; the next write tries again")]
    private partial void LogJournalNotEmptied(Exception exception);
}
