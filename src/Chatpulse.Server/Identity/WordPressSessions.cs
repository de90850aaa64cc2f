namespace Chatpulse.Server.Identity;

/// <summary>
/// The credentials of the users who are connected with <c>AUTH_MODE=wordpress</c>, so that the store can call WordPress as them. Holds an entry
/// a connection, only while it lasts.
/// </summary>
/// <remarks>Threading: anyone calls; the lock guards the table.</remarks>
public sealed class WordPressSessions
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Dictionary<string, WordPressCredentials>> _users = [];

    /// <summary>Keeps or replaces the credentials of a connection.</summary>
    public void Set(long userId, string connectionId, WordPressCredentials credentials)
    {
        lock (_lock)
        {
            if (!_users.TryGetValue(userId, out var connections))
                _users[userId] = connections = new Dictionary<string, WordPressCredentials>(StringComparer.Ordinal);
            // Put last: what was shown last is found first.
            connections.Remove(connectionId);
            connections.Add(connectionId, credentials);
        }
    }

    /// <summary>The connection has ended.</summary>
    public void Remove(long userId, string connectionId)
    {
        lock (_lock)
        {
            if (_users.TryGetValue(userId, out var connections) && connections.Remove(connectionId) && connections.Count == 0)
                _users.Remove(userId);
        }
    }

    /// <summary>Credentials of the user, or null when no connection has any.</summary>
    public WordPressCredentials? Find(long userId)
    {
        lock (_lock)
            return _users.TryGetValue(userId, out var connections) ? connections.Values.Last() : null;
    }
}
