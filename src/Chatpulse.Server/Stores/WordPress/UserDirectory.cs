using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Identity;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// The site's users, remembered for five minutes. Those who are looked for while a call is under way share the next one, so that a thousand people who
/// reconnect at once are ten calls.
/// </summary>
/// <remarks>Threading: anyone calls; the lock guards who is looked for. One loop at a time asks the site.</remarks>
internal sealed class UserDirectory(WordPressSite site, ServerSettings settings, WordPressSessions sessions, TimeProvider timeProvider)
{
    private const int PerCall = 100;
    private const int MaxLookedFor = 10_000;
    private const int MaxRemembered = 50_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private readonly ExpiringCache<long, ChatUser> _known = new(timeProvider, Lifetime, MaxRemembered);
    private readonly Lock _lock = new();
    private readonly Dictionary<long, TaskCompletionSource<ChatUser?>> _lookedFor = [];
    private bool _asking;

    /// <summary>Remembers a user that somebody trustworthy has named.</summary>
    public void Add(ChatUser user) => _known.Set(user.Id, user);

    /// <summary>Forgets a user.</summary>
    public void Forget(long userId) => _known.Remove(userId);

    /// <summary>A user who is remembered, or null.</summary>
    public ChatUser? Recall(long userId) => _known.TryGet(userId, out var user) ? user : null;

    /// <summary>One user, or null when the site has none with this id.</summary>
    public Task<ChatUser?> FindAsync(long userId, CancellationToken cancellationToken)
    {
        if (_known.TryGet(userId, out var known))
            return Task.FromResult<ChatUser?>(known);
        Task<ChatUser?> found;
        lock (_lock)
        {
            if (!_lookedFor.TryGetValue(userId, out var lookup))
            {
                if (_lookedFor.Count >= MaxLookedFor)
                    throw new ChatException(ChatErrorCodes.Unavailable, "Too many users are looked for at the WordPress site; try again.");
                _lookedFor[userId] = lookup = new TaskCompletionSource<ChatUser?>(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            found = lookup.Task;
            if (!_asking)
            {
                _asking = true;
                _ = AskAsync();
            }
        }

        return found.WaitAsync(cancellationToken);
    }

    /// <summary>Users by what is looked for, as the site has them.</summary>
    public async Task<IReadOnlyList<ChatUser>> SearchAsync(UserQuery query, int perPage, CancellationToken cancellationToken)
    {
        var found = new Dictionary<long, ChatUser>();
        var text = query.Search is { } search && !string.IsNullOrWhiteSpace(search) ? $"&search={Uri.EscapeDataString(search.Trim())}" : "";
        var excluded = new HashSet<long>(query.Exclude);
        // A long list of ids is asked for in parts: web servers refuse long addresses.
        var parts = query.Include.Count == 0 ? [[]] : query.Include.Distinct().Except(excluded).Chunk(PerCall);
        foreach (var part in parts)
        {
            var exclude = part.Length > 0 ? [] : excluded.Take(PerCall);
            foreach (var user in await AskAsync($"per_page={PerCall}{text}{Ids("include", part)}{Ids("exclude", exclude)}", SiteCaller.Server, cancellationToken))
            {
                if (!excluded.Contains(user.Id))
                    found[user.Id] = user;
            }
        }

        return [.. found.Values.OrderBy(user => user.DisplayName, StringComparer.OrdinalIgnoreCase).ThenBy(user => user.Id).Take(perPage)];
    }

    private static string Ids(string name, IEnumerable<long> ids) => string.Concat(ids.Select(id => $"&{name}[]={id}"));

    // Asks until nobody is looked for any more; runs outside every lock.
    private async Task AskAsync()
    {
        // Those who come together are asked for together.
        await Task.Yield();
        while (true)
        {
            Dictionary<long, TaskCompletionSource<ChatUser?>> part;
            lock (_lock)
            {
                part = _lookedFor.Take(PerCall).ToDictionary();
                if (part.Count == 0)
                {
                    _asking = false;
                    return;
                }
            }

            Exception? failure = null;
            Dictionary<long, ChatUser> found = [];
            try
            {
                // Without a key, users whose own login is here can be asked for in their own name.
                var credentials = site.HasKey ? null : part.Keys.Select(sessions.Find).FirstOrDefault(found => found is not null);
                var caller = credentials is null ? SiteCaller.Server : SiteCaller.As(credentials);
                foreach (var user in await AskAsync($"per_page={PerCall}{Ids("include", part.Keys)}", caller, CancellationToken.None))
                    found[user.Id] = user;
            }
            catch (Exception e)
            {
                failure = e;
            }

            lock (_lock)
            {
                foreach (var userId in part.Keys)
                    _lookedFor.Remove(userId);
            }

            foreach (var (userId, lookup) in part)
            {
                if (failure is not null)
                    lookup.SetException(failure);
                else
                    lookup.SetResult(found.GetValueOrDefault(userId));
            }
        }
    }

    private async Task<IReadOnlyList<ChatUser>> AskAsync(string query, SiteCaller caller, CancellationToken cancellationToken)
    {
        try
        {
            var call = new SiteCall(HttpMethod.Get, $"{settings.ApiNamespace}/users?{query}", caller);
            var users = (await site.CallAsync(call, SiteJson.Default.ListSiteUser, cancellationToken)).Body.ConvertAll(SiteMapping.ToUser);
            foreach (var user in users)
                Add(user);
            return users;
        }
        catch (SiteErrorException error)
        {
            throw SiteErrors.ToChat(error, ownCredentials: !caller.UsesKey);
        }
    }
}
