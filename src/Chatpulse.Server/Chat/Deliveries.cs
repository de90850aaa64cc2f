namespace Chatpulse.Server.Chat;

/// <summary>
/// Which messages have reached somebody and are not yet stored as delivered. What comes while a call to the store is under way is gathered for the next one, so
/// that a burst of messages is a few calls.
/// </summary>
/// <remarks>
/// Threading: anyone adds, and waits for nothing; the lock guards everything. At most <see cref="MaxCalls"/> calls are under way, one for a user in a thread.
/// What is over <see cref="MaxWaiting"/> or is refused is dropped: the message stays <c>sent</c> until it is read, and nobody waits for an answer.
/// </remarks>
internal sealed partial class Deliveries(Func<long, long, IReadOnlyList<long>, Task> deliver, ILogger logger)
{
    private const int MaxCalls = 4;
    private const int MaxWaiting = 50_000;

    // As a page of history: the answer has all of them, whole.
    private const int MaxPerCall = 100;

    private readonly Lock _lock = new();
    private readonly Dictionary<(long ThreadId, long UserId), List<long>> _waiting = [];
    private readonly Queue<(long ThreadId, long UserId)> _order = new();
    private int _count;
    private int _calls;

    /// <summary>A device of the user has taken these messages of the thread.</summary>
    public void Add(long threadId, long userId, params ReadOnlySpan<long> messageIds)
    {
        lock (_lock)
        {
            if (_count + messageIds.Length > MaxWaiting)
                return;
            _count += messageIds.Length;
            if (_waiting.TryGetValue((threadId, userId), out var ids))
            {
                // Whoever has taken this key out of the order puts it back when their call has ended.
                ids.AddRange(messageIds);
                return;
            }

            _waiting.Add((threadId, userId), [.. messageIds]);
            _order.Enqueue((threadId, userId));
            if (_calls == MaxCalls)
                return;
            _calls++;
        }

        _ = RunAsync();
    }

    private async Task RunAsync()
    {
        while (Take() is var (key, ids))
        {
            try
            {
                await deliver(key.ThreadId, key.UserId, ids);
            }
            catch (Exception failure)
            {
                LogNotDelivered(failure, ids.Count, key.ThreadId);
            }

            lock (_lock)
            {
                if (_waiting[key].Count == 0)
                    _waiting.Remove(key);
                else
                    _order.Enqueue(key);
            }
        }
    }

    // The key stays in the table while its call is under way.
    private ((long ThreadId, long UserId) Key, List<long> Ids)? Take()
    {
        lock (_lock)
        {
            if (!_order.TryDequeue(out var key))
            {
                _calls--;
                return null;
            }

            var waiting = _waiting[key];
            var taken = Math.Min(waiting.Count, MaxPerCall);
            var ids = waiting.GetRange(0, taken);
            waiting.RemoveRange(0, taken);
            _count -= taken;
            return (key, ids);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Count} messages of thread {ThreadId} were taken by a device, and could not be marked as delivered")]
    private partial void LogNotDelivered(Exception failure, int count, long threadId);
}
