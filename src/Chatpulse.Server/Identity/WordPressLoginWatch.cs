using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using EngineIO.Sessions;
using SocketIO.Server;

namespace Chatpulse.Server.Identity;

/// <summary>
/// Shows the logins of live connections to the site again, every <c>WP_SESSION_CHECK_INTERVAL</c> and when the site refuses a call: one call for all
/// connections of a login. Those of a login that has ended are told so, and end after the grace period. A site that cannot be asked ends nobody.
/// </summary>
/// <remarks>
/// Threading: anyone calls, and the timing wheel; the lock guards the table, and the connections and the state of its entries. Calls to the site are made outside of it, one at a time a
/// login.
/// </remarks>
internal sealed partial class WordPressLoginWatch
{
    // When the site could not be asked, the next try comes sooner than the next check.
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<WordPressCredentials, Login> _logins = [];
    private readonly WordPressLogins _proofs;
    private readonly WordPressSessions _sessions;
    private readonly TimingWheel _wheel;
    private readonly TimeSpan _interval;
    private readonly ILogger<WordPressLoginWatch> _logger;

    public WordPressLoginWatch(
        WordPressLogins proofs, WordPressSessions sessions, SocketIOServer server, ServerSettings settings, ILogger<WordPressLoginWatch> logger)
    {
        _proofs = proofs;
        _sessions = sessions;
        _wheel = server.Engine.Wheel;
        _interval = settings.WordPressSessionCheckInterval;
        _logger = logger;
        sessions.Refused += (_, refused) => CheckNow(refused.Credentials);
    }

    /// <summary>Logins that are watched.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _logins.Count;
        }
    }

    /// <summary>Watches the login of a connection from now on, in place of the one it had.</summary>
    public void Watch(ChatConnection connection)
    {
        var credentials = connection.Identity.Credentials!;
        lock (_lock)
        {
            if (connection.Login is { } before)
                Leave(connection, before);
            if (!_logins.TryGetValue(credentials, out var login))
            {
                _logins[credentials] = login = new Login(this, credentials);
                _wheel.Schedule(login, _interval);
            }

            login.Connections.Add(connection);
            connection.Login = login;
            _sessions.Set(connection.UserId, connection.Socket.Id, credentials);
        }
    }

    /// <summary>The connection has ended.</summary>
    public void Unwatch(ChatConnection connection)
    {
        lock (_lock)
        {
            if (connection.Login is { } login)
                Leave(connection, login);
            connection.Login = null;
        }
    }

    private void CheckNow(WordPressCredentials credentials)
    {
        lock (_lock)
        {
            if (_logins.TryGetValue(credentials, out var login) && !login.IsChecking)
                _wheel.Schedule(login, TimeSpan.Zero);
        }
    }

    // Under the lock.
    private void Leave(ChatConnection connection, Login login)
    {
        _sessions.Remove(connection.UserId, connection.Socket.Id);
        login.Connections.Remove(connection);
        if (login.Connections.Count > 0)
            return;
        _logins.Remove(login.Credentials);
        _wheel.Cancel(login);
    }

    private async Task CheckAsync(Login login)
    {
        lock (_lock)
        {
            if (login.IsChecking || login.Connections.Count == 0)
                return;
            login.IsChecking = true;
        }

        var next = _interval;
        var ended = false;
        try
        {
            await _proofs.ProveAsync(login.Credentials, fresh: true, CancellationToken.None);
        }
        catch (ChatException refused) when (refused.Code is ChatErrorCodes.Unauthenticated)
        {
            ended = true;
        }
        catch (Exception failure)
        {
            // Chat goes on while the site is away: who was signed in stays so until it can say otherwise.
            if (failure is not ChatException)
                LogFailed(failure);
            next = next < RetryAfter ? next : RetryAfter;
        }

        ChatConnection[] connections;
        lock (_lock)
        {
            login.IsChecking = false;
            if (login.Connections.Count == 0)
                return;
            if (!ended)
            {
                _wheel.Schedule(login, next);
                return;
            }

            // No call is made any more with what the site refuses.
            connections = [.. login.Connections];
            foreach (var connection in connections)
                _sessions.Remove(connection.UserId, connection.Socket.Id);
        }

        foreach (var connection in connections)
            connection.Expiry?.End();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A login could not be checked")]
    private partial void LogFailed(Exception exception);

    /// <summary>One login and the connections that came with it.</summary>
    internal sealed class Login(WordPressLoginWatch watch, WordPressCredentials credentials) : TimingWheelEntry
    {
        public WordPressCredentials Credentials => credentials;

        public HashSet<ChatConnection> Connections { get; } = [];

        public bool IsChecking { get; set; }

        protected override void OnDue() => _ = watch.CheckAsync(this);
    }
}
