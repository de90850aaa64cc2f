namespace Chatpulse.Server.Identity;

/// <summary>
/// Who has signed out, so that a proof from before is refused: a token until it would have expired anyway, and a login that was being checked meanwhile.
/// </summary>
/// <remarks>
/// Threading: anyone calls; the lock guards everything. Bounded without letting anybody in: it holds the last <see cref="Capacity"/> sign-outs, and with
/// one that is forgotten every token issued until then is refused, whoever's it is. A site whose tokens live for minutes never notices. Rejected: a longest
/// life for tokens, which would refuse those that operators mint for themselves.
/// </remarks>
internal sealed class SignOuts
{
    /// <summary>Sign-outs that are remembered one by one.</summary>
    public const int Capacity = 100_000;

    private readonly Lock _lock = new();
    private readonly int _capacity;
    private readonly Dictionary<(long UserId, string? SessionId), Entry> _last = [];
    private readonly Queue<((long UserId, string? SessionId) Key, Entry Entry)> _order = new();
    private DateTimeOffset _forgottenUntil = DateTimeOffset.MinValue;
    private long _count;

    public SignOuts() : this(Capacity)
    {
    }

    internal SignOuts(int capacity) => _capacity = capacity;

    /// <summary>How many there have been. Taken before proving a user, it shows afterwards whether somebody signed out meanwhile.</summary>
    public long Count
    {
        get
        {
            lock (_lock)
                return _count;
        }
    }

    /// <summary>Remembers that a login session of the user has ended; null: every one of them.</summary>
    /// <param name="userId">Who.</param>
    /// <param name="sessionId">Which session; once ended, it never begins again.</param>
    /// <param name="at">When, by the clock of who issues the tokens: those issued until then are void.</param>
    public void Add(long userId, string? sessionId, DateTimeOffset at)
    {
        lock (_lock)
        {
            var key = (userId, sessionId);
            var entry = new Entry(_last.TryGetValue(key, out var before) && before.At > at ? before.At : at, ++_count);
            _last[key] = entry;
            _order.Enqueue((key, entry));
            if (_order.Count > _capacity)
                Forget();
        }
    }

    /// <summary>Whether the user has signed out since the token was issued, or since proving the login began.</summary>
    public bool Refuses(UserIdentity identity)
    {
        lock (_lock)
        {
            if (_count == 0)
                return false;
            foreach (var sessionId in identity.SessionIds)
            {
                if (_last.ContainsKey((identity.UserId, sessionId)))
                    return true;
            }

            var all = _last.GetValueOrDefault((identity.UserId, null));

            // WordPress itself refuses a login that has ended, unless it was asked before.
            if (identity.Credentials is not null)
                return all?.Number > identity.SignOutsSeen;

            // Without a time of issue it may be from before.
            var until = all?.At > _forgottenUntil ? all.At : _forgottenUntil;
            return until > DateTimeOffset.MinValue && (identity.IssuedAt is not { } issued || issued <= until);
        }
    }

    // Under the lock.
    private void Forget()
    {
        var (key, entry) = _order.Dequeue();
        if (_last[key] != entry)
            return;
        _last.Remove(key);
        if (entry.At > _forgottenUntil)
            _forgottenUntil = entry.At;
    }

    private sealed record Entry(DateTimeOffset At, long Number);
}
