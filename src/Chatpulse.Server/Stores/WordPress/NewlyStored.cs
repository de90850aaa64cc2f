namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// Finds out whether a message that the site has is news. That the site had stored it before does not say so: the answer to the call that stored it may have
/// been lost, and then nobody was told of the message yet. It is news once, and not when it was stored before this server knew of it.
/// </summary>
/// <remarks>Threading: anyone calls; the same message may be sent by two connections at once, and then one of them gets the news.</remarks>
internal sealed class NewlyStored(TimeProvider timeProvider)
{
    private const int Capacity = 50_000;

    // Longer than any client goes on trying.
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(6);

    private readonly Lock _lock = new();
    private readonly ExpiringCache<(long Sender, long Thread, string TempId), bool> _attempted = new(timeProvider, Lifetime, Capacity);
    private readonly ExpiringCache<long, bool> _known = new(timeProvider, Lifetime, Capacity);

    /// <summary>A message is about to be sent; answers whether it was attempted before, for <see cref="IsNews"/>.</summary>
    public bool Begin(NewMessage message)
    {
        if (message.TempId is not { } tempId)
            return false;
        var name = (message.SenderId, message.ThreadId, tempId);
        lock (_lock)
        {
            if (_attempted.TryGet(name, out _))
                return true;
            _attempted.Set(name, true);
            return false;
        }
    }

    /// <summary>The site has answered with the message; true for the first such answer to a send of this server.</summary>
    /// <param name="message">What was sent.</param>
    /// <param name="attemptedBefore">What <see cref="Begin"/> answered.</param>
    /// <param name="messageId">The stored message.</param>
    /// <param name="wasThere">The site says that it had stored it before.</param>
    /// <param name="repeated">The call was made more than once.</param>
    public bool IsNews(NewMessage message, bool attemptedBefore, long messageId, bool wasThere, bool repeated)
    {
        lock (_lock)
        {
            if (_known.TryGet(messageId, out _))
                return false;
            _known.Set(messageId, true);
        }

        // Without a name it cannot have been sent before.
        return !wasThere || attemptedBefore || repeated || message.TempId is null;
    }
}
