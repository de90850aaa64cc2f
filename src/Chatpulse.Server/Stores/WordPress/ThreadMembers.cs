namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// Who is in which thread, as far as the site has said it: a positive answer counts for <see cref="Lifetime"/>, or until it is taken back. That somebody is not
/// in a thread is never remembered. What webhooks tell is kept besides, without an end, for sites that cannot be asked.
/// </summary>
/// <remarks>
/// Threading: anyone calls. An answer that was asked for before a change and comes after it would bring back what was just taken away; therefore the
/// asker notes <see cref="Changes"/> first, and <see cref="Add"/> passes over what is older than a change. Changes are counted for groups of threads, so
/// that somebody who is refused all the time keeps few answers from being remembered.
/// </remarks>
internal sealed class ThreadMembers(TimeProvider timeProvider)
{
    /// <summary>Memberships that are remembered.</summary>
    public const int Capacity = 50_000;

    private const int ChangeCounters = 1_024;

    /// <summary>How long an answer counts.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    private readonly ExpiringCache<(long User, long Thread), bool> _answers = new(timeProvider, Lifetime, Capacity);
    private readonly ToldMembers _told = new();
    private readonly long[] _changes = new long[ChangeCounters];
    private long _changesOfAll;

    /// <summary>Memberships that are remembered as answers, expired ones among them.</summary>
    public int Count => _answers.Count;

    /// <summary>How often something was taken back so far, in this thread and some others.</summary>
    public long Changes(long threadId) => Volatile.Read(ref _changes[threadId % ChangeCounters]) + Volatile.Read(ref _changesOfAll);

    /// <summary>Whether the user is known to be in the thread.</summary>
    public bool Contains(long userId, long threadId) => _answers.TryGet((userId, threadId), out _);

    /// <summary>Whether webhooks say that the user is in the thread.</summary>
    public bool IsTold(long userId, long threadId) => _told.Contains(userId, threadId);

    /// <summary>Whom webhooks say the user shares a thread with.</summary>
    public IReadOnlyCollection<long> ToldContacts(long userId) => _told.Contacts(userId);

    /// <summary>The site has said that the user is in the thread, in an answer to a call that began when there had been <paramref name="changes"/>.</summary>
    public void Add(long userId, long threadId, long changes)
    {
        if (changes != Changes(threadId))
            return;
        _answers.Set((userId, threadId), true);
        // A change in between: not adding is always right, it costs one more call.
        if (changes != Changes(threadId))
            _answers.Remove((userId, threadId));
    }

    /// <summary>The site has refused the user the thread.</summary>
    public void Refused(long userId, long threadId)
    {
        Interlocked.Increment(ref _changes[threadId % ChangeCounters]);
        _answers.Remove((userId, threadId));
        _told.Remove(userId, threadId);
    }

    /// <summary>
    /// Somebody has changed who is in a thread. This takes rights away at once and gives none: webhooks overtake one another, so the site is asked about those who were
    /// added. They are remembered as told all the same, for sites that cannot be asked, and whose plugin adds nobody to a thread later.
    /// </summary>
    public void Changed(long threadId, IReadOnlyCollection<long> added, IReadOnlyCollection<long> removed)
    {
        Interlocked.Increment(ref _changes[threadId % ChangeCounters]);
        foreach (var userId in removed)
        {
            _answers.Remove((userId, threadId));
            _told.Remove(userId, threadId);
        }

        foreach (var userId in added.Except(removed))
        {
            _answers.Remove((userId, threadId));
            _told.Add(userId, threadId);
        }
    }

    /// <summary>Forgets what the site said of a user.</summary>
    public void Forget(long userId)
    {
        Interlocked.Increment(ref _changesOfAll);
        _answers.RemoveWhere(key => key.User == userId);
    }

    // Threads with their members, as webhooks told them; the thread that was told of first is forgotten first.
    private sealed class ToldMembers
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<long, HashSet<long>> _threads = [];
        private readonly Queue<long> _order = new();
        private int _count;

        public bool Contains(long userId, long threadId)
        {
            lock (_lock)
                return _threads.TryGetValue(threadId, out var members) && members.Contains(userId);
        }

        public HashSet<long> Contacts(long userId)
        {
            var contacts = new HashSet<long>();
            lock (_lock)
            {
                foreach (var members in _threads.Values.Where(members => members.Contains(userId)))
                {
                    contacts.UnionWith(members);
                    if (contacts.Count > StoreLimits.Contacts)
                        break;
                }
            }

            contacts.Remove(userId);
            return contacts.Count <= StoreLimits.Contacts ? contacts : [.. contacts.Take(StoreLimits.Contacts)];
        }

        public void Add(long userId, long threadId)
        {
            lock (_lock)
            {
                if (!_threads.TryGetValue(threadId, out var members))
                {
                    _threads[threadId] = members = [];
                    _order.Enqueue(threadId);
                }

                if (members.Add(userId))
                    _count++;
                while (_count > Capacity && _order.TryDequeue(out var oldest))
                {
                    if (_threads.Remove(oldest, out var forgotten))
                        _count -= forgotten.Count;
                }
            }
        }

        public void Remove(long userId, long threadId)
        {
            lock (_lock)
            {
                if (_threads.TryGetValue(threadId, out var members) && members.Remove(userId))
                    _count--;
            }
        }
    }
}
