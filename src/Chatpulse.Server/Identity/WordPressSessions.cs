namespace Chatpulse.Server.Identity;

/// <summary>
/// The credentials of the users who are connected with <c>AUTH_MODE=wordpress</c>, so that the store can call WordPress as them. Holds an entry
/// a connection, only while it lasts and its login does.
/// </summary>
/// <remarks>Threading: anyone calls; the lock guards the table. <see cref="Refused"/> is raised outside of it.</remarks>
public sealed class WordPressSessions
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(long UserId, string ConnectionId), LinkedListNode<Shown>> _connections = [];

    // By user, in the order in which they were shown.
    private readonly Dictionary<long, LinkedList<Shown>> _users = [];

    /// <summary>The site has refused a call with these credentials. Listeners must not wait.</summary>
    public event EventHandler<WordPressRefusedEventArgs>? Refused;

    /// <summary>Keeps or replaces the credentials of a connection.</summary>
    public void Set(long userId, string connectionId, WordPressCredentials credentials)
    {
        lock (_lock)
        {
            Forget(userId, connectionId);
            if (!_users.TryGetValue(userId, out var shown))
                _users[userId] = shown = new LinkedList<Shown>();
            _connections[(userId, connectionId)] = shown.AddLast(new Shown(credentials));
        }
    }

    /// <summary>The connection has ended, or its login.</summary>
    public void Remove(long userId, string connectionId)
    {
        lock (_lock)
            Forget(userId, connectionId);
    }

    /// <summary>The credentials of the user that were shown last, or null when no connection has any.</summary>
    public WordPressCredentials? Find(long userId)
    {
        lock (_lock)
            return _users.TryGetValue(userId, out var shown) ? shown.Last!.Value.Credentials : null;
    }

    /// <summary>The site has refused a call with these credentials (401, or 403 for the nonce): their connections are checked at once. Returns at once.</summary>
    public void Refuse(WordPressCredentials credentials) => Refused?.Invoke(this, new WordPressRefusedEventArgs(credentials));

    // Under the lock.
    private void Forget(long userId, string connectionId)
    {
        if (!_connections.Remove((userId, connectionId), out var node))
            return;
        var shown = node.List!;
        shown.Remove(node);
        if (shown.Count == 0)
            _users.Remove(userId);
    }

    private sealed record Shown(WordPressCredentials Credentials);
}
