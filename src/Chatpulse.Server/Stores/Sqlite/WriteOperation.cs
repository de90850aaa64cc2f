namespace Chatpulse.Server.Stores.Sqlite;

/// <summary>One write, from the caller who waits for it to the writer's thread and back.</summary>
internal abstract class WriteOperation
{
    /// <summary>True when the caller stopped waiting before the write began; it need not be done then.</summary>
    public abstract bool IsCancelled { get; }

    /// <summary>True when the write was done and what it took away must be readable nowhere once it is answered.</summary>
    public abstract bool HasErased { get; }

    /// <summary>Does the work inside the writer's transaction and keeps the result; nobody hears of it before <see cref="Answer"/>.</summary>
    public abstract void Execute(SqliteSession session);

    /// <summary>Keeps the reason for which this one operation was undone.</summary>
    public abstract void Refuse(Exception reason);

    /// <summary>Answers the caller, after the commit.</summary>
    public abstract void Answer();

    /// <summary>Answers the caller that nothing was stored.</summary>
    public abstract void Fail(Exception reason);
}

/// <inheritdoc />
internal sealed class WriteOperation<T>(Func<SqliteSession, T> work, bool erases, CancellationToken cancellationToken) : WriteOperation
{
    // Continuations run elsewhere: the writer's thread belongs to the database.
    private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? result;
    private Exception? refusal;

#pragma warning disable VSTHRD003 // It is this operation's own task; the writer's thread completes it and waits for nobody.
    public Task<T> Completion => completion.Task;
#pragma warning restore VSTHRD003

    public override bool IsCancelled => cancellationToken.IsCancellationRequested;

    public override bool HasErased => erases && refusal is null;

    public override void Execute(SqliteSession session) => result = work(session);

    public override void Refuse(Exception reason) => refusal = reason;

    public override void Answer()
    {
        if (refusal is null)
            completion.SetResult(result!);
        else
            completion.SetException(refusal);
    }

    public override void Fail(Exception reason) => completion.SetException(reason);
}
