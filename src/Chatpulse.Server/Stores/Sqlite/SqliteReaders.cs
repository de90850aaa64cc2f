using System.Collections.Concurrent;
using Chatpulse.Server.Chat;
using Microsoft.Data.Sqlite;

namespace Chatpulse.Server.Stores.Sqlite;

/// <summary>
/// A few connections for reading, opened when they are first needed. Every read sees one state of the database, however many queries it has.
/// </summary>
/// <remarks>
/// Threading: any thread reads. <see cref="slots"/> lets as many in as there may be connections, so that <see cref="idle"/> never holds
/// more; <see cref="present"/> counts those who are in or wait, and bounds them. The query runs on the caller's thread: it takes microseconds from the page cache, and the slots bound how many threads a slow
/// disk can hold up.
/// </remarks>
internal sealed partial class SqliteReaders(SqliteDatabase database, SqliteStoreOptions options, ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim slots = new(options.Readers, options.Readers);
    private readonly ConcurrentBag<SqliteSession> idle = [];
    private int present;
    private volatile bool closed;

    /// <summary>Completes with the read's result; <c>unavailable</c> when too many wait, the database fails or the store is closed.</summary>
    public async ValueTask<T> ReadAsync<T>(Func<SqliteSession, T> read, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref present) > options.Readers + options.MaxWaitingReads)
        {
            Interlocked.Decrement(ref present);
            throw new ChatException(ChatErrorCodes.Unavailable, "Too many reads are waiting for the message store; try again later");
        }

        try
        {
            await slots.WaitAsync(cancellationToken);
            try
            {
                return Read(read);
            }
            finally
            {
                slots.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref present);
        }
    }

    /// <summary>Closes the connections; one that is reading is closed when it is done.</summary>
    public void Dispose()
    {
        closed = true;
        while (idle.TryTake(out var session))
            session.Dispose();
    }

    private T Read<T>(Func<SqliteSession, T> read)
    {
        try
        {
            if (closed)
                throw SqliteWriter.Closed();
            if (!idle.TryTake(out var session))
                session = database.OpenForReading();
            var usable = false;
            try
            {
                session.Execute("BEGIN");
                try
                {
                    return read(session);
                }
                finally
                {
                    session.Execute("COMMIT");
                    usable = true;
                }
            }
            finally
            {
                if (usable)
                    Return(session);
                else
                    session.Dispose();
            }
        }
        catch (SqliteException e)
        {
            LogReadFailed(e);
            throw SqliteDatabase.Unavailable(e);
        }
    }

    private void Return(SqliteSession session)
    {
        idle.Add(session);
        // Whichever of this and Dispose comes last sees the other's work.
        if (closed)
            Dispose();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The store could not read")]
    private partial void LogReadFailed(Exception exception);
}
