namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// Calls that may have marked messages as read and were not answered: nobody was told of it, and the site will not say again that they are newly read.
/// </summary>
/// <remarks>Threading: anyone calls; the state is in the cache, which forgets the oldest first.</remarks>
internal sealed class LostReceipts(TimeProvider timeProvider)
{
    private const int Capacity = 50_000;

    // Longer than any client goes on trying.
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(6);

    // Stands for all of a thread's messages.
    private const long All = 0;

    private readonly ExpiringCache<(long User, long Thread, long Message), bool> _lost = new(timeProvider, Lifetime, Capacity);

    /// <summary>The user's call was not answered; null for one about all of the thread.</summary>
    public void Add(long userId, long threadId, IReadOnlyList<long>? messageIds)
    {
        foreach (var id in messageIds ?? [All])
            _lost.Set((userId, threadId, id), true);
    }

    /// <summary>Whether an earlier call of the user about one of these was not answered, and forgets that.</summary>
    public bool Take(long userId, long threadId, IReadOnlyList<long>? messageIds)
    {
        var any = false;
        foreach (var id in messageIds ?? [All])
        {
            if (_lost.Count > 0 && _lost.TryGet((userId, threadId, id), out _))
            {
                _lost.Remove((userId, threadId, id));
                any = true;
            }
        }

        return any;
    }
}
