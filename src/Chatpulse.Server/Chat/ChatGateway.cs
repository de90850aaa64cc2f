using System.Collections.Frozen;
using Chatpulse.Server.Chat.Events;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Identity;
using Chatpulse.Server.Presence;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Typing;
using SocketIO.Adapters;
using SocketIO.Protocol;
using SocketIO.Server;

namespace Chatpulse.Server.Chat;

/// <summary>
/// Where sockets come in: proves who they are, gives their events to the handlers, answers what cannot be done, and cleans up when they go.
/// </summary>
/// <remarks>Threading: the events of one socket come one at a time, those of different sockets together; there is no state here.</remarks>
internal sealed partial class ChatGateway
{
    private readonly SocketIOServer _server;
    private readonly ServerSettings _settings;
    private readonly Authenticator _authenticator;
    private readonly PresenceTracker _presence;
    private readonly PresenceAnnouncer _announcer;
    private readonly ThreadPresence _threadPresence;
    private readonly TypingTracker _typing;
    private readonly WordPressLoginWatch _logins;
    private readonly LiveAccess _access;
    private readonly IChatStore _store;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger<ChatGateway> _logger;
    private readonly FrozenDictionary<string, Func<ChatRequest, ValueTask>> _handlers;

    public ChatGateway(
        SocketIOServer server,
        ServerSettings settings,
        Authenticator authenticator,
        PresenceTracker presence,
        PresenceAnnouncer announcer,
        ThreadPresence threadPresence,
        TypingTracker typing,
        WordPressLoginWatch logins,
        LiveAccess access,
        IChatStore store,
        IEnumerable<IEventFamily> families,
        TimeProvider timeProvider,
        ILogger<ChatGateway> logger)
    {
        _server = server;
        _settings = settings;
        _authenticator = authenticator;
        _presence = presence;
        _announcer = announcer;
        _threadPresence = threadPresence;
        _typing = typing;
        _logins = logins;
        _access = access;
        _store = store;
        _timeProvider = timeProvider;
        _logger = logger;
        _handlers = families.SelectMany(family => family.Handlers).ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>Takes the server's connections from now on.</summary>
    public void Attach()
    {
        _server.Use(AuthenticateAsync);
        _server.OnConnection(Connect);
    }

    private async ValueTask AuthenticateAsync(Socket socket)
    {
        try
        {
            socket.Data = await _authenticator.AuthenticateAsync(socket.Handshake, CancellationToken.None);
        }
        catch (ChatException refused)
        {
            LogRefused(socket.Handshake.Request.RemoteAddress, refused.Message);
            throw new ConnectRefusedException(refused.Message, new Wire.ErrorDetail(refused.Code, refused.Message, refused.RetryAfterMs));
        }
    }

    /// <summary>
    /// Whether a session may be taken up: by the user it was of, who has just been proven anew, and who may still use every thread it was in. All or nothing:
    /// a client that has lost a thread starts anew and is told so when it joins.
    /// </summary>
    public async ValueTask<bool> MayRecoverAsync(Socket socket, PersistedSession session)
    {
        if (socket.Data is not UserIdentity identity || session.Data is not long userId || userId != identity.UserId)
            return false;
        var mark = _access.Mark;
        var threads = new List<long>(session.Rooms.Count);
        foreach (var room in session.Rooms)
        {
            if (ChatRooms.TryReadThread(room, out var threadId))
                threads.Add(threadId);
        }

        try
        {
            await Task.WhenAll(threads.Select(threadId => _store.CheckMembershipAsync(userId, threadId, CancellationToken.None).AsTask()));
        }
        catch (ChatException)
        {
            return false;
        }

        socket.Data = new RecoveredConnection(identity, threads, mark);
        return true;
    }

    private void Connect(Socket socket)
    {
        var recovered = socket.Data as RecoveredConnection;
        var identity = recovered?.Identity ?? (UserIdentity)socket.Data!;
        var connection = new ChatConnection(socket, identity, _threadPresence)
        {
            Expiry = ExpiryOf(socket, identity),
        };

        // One listener for every event name: a dozen delegates a connection would cost more memory than the connection itself.
        socket.OnUnhandled(incoming => HandleAsync(connection, incoming));
        socket.OnError(error =>
        {
            Refuse(connection, error.Event, ChatErrorCodes.Internal, "Something went wrong on the server.", retryAfterMs: null);
            return ValueTask.CompletedTask;
        });

        IReadOnlyList<long> threads = [];
        socket.OnDisconnecting(_ => threads = End(connection));
        socket.OnDisconnect(reason => Disconnect(connection, threads, reason));
        if (recovered is not null)
            connection.Recover(recovered.Threads);

        if (_presence.Connect(connection.UserId))
            _announcer.Announce(connection.UserId);
        connection.Expiry?.Set(identity.ExpiresAt);
        if (identity.Credentials is not null)
            _logins.Watch(connection);

        // Last: from here on it can be found and ended. What took rights from the user before is looked for afterwards.
        socket.Join(ChatRooms.User(connection.UserId));
        socket.Data = connection;
        if (recovered is not null)
            LeaveLost(connection, recovered);
        if (_authenticator.HasSignedOut(identity))
            connection.EndSignedOut();
    }

    // The user was taken out of a thread after that was checked, and before the connection could be found.
    private void LeaveLost(ChatConnection connection, RecoveredConnection recovered)
    {
        foreach (var threadId in recovered.Threads)
        {
            if (_access.RemovedSince(recovered.Mark, threadId, connection.UserId))
                connection.Leave(threadId, () => connection.Socket.Emit("thread_left", new Wire.Thread(threadId)));
        }
    }

    private IdentityExpiry? ExpiryOf(Socket socket, UserIdentity identity)
    {
        if (identity.Credentials is not null)
            return new IdentityExpiry(socket, "login", "a new nonce", _server.Engine.Wheel, _settings.AuthGracePeriod, _timeProvider);
        return identity.ExpiresAt is null ? null : new IdentityExpiry(socket, "token", "a new one", _server.Engine.Wheel, _settings.AuthGracePeriod, _timeProvider);
    }

    // Before its rooms are left, so that a handler still under way cannot join one afterwards; and before its session can be taken up by a socket of the same
    // id, whose things these would then be.
    private IReadOnlyList<long> End(ChatConnection connection)
    {
        var socket = connection.Socket;
        var threads = connection.Close();
        connection.Expiry?.Stop();
        _logins.Unwatch(connection);
        foreach (var threadId in threads)
            _typing.Disconnect(threadId, connection.UserId, socket.Id);

        // All that is kept with the session. One that was out of a room for a moment, to catch up, has missed what nobody would send it: it is not taken up.
        socket.Data = threads.All(threadId => socket.IsIn(ChatRooms.Thread(threadId))) ? connection.UserId : null;
        return threads;
    }

    private void Disconnect(ChatConnection connection, IReadOnlyList<long> threads, DisconnectReason reason)
    {
        // A session that was taken up by now is counted in already, so nobody is told that the user has gone.
        foreach (var threadId in threads)
            _threadPresence.Leave(threadId, connection.UserId, connection.Socket.Id);
        if (_presence.Disconnect(connection.UserId))
            _announcer.Announce(connection.UserId);

        if (_logger.IsEnabled(LogLevel.Information))
        {
            var handshake = connection.Socket.Handshake;
            var seconds = (_timeProvider.GetUtcNow() - handshake.Time).TotalSeconds;
            var why = reason.ToWire();
            LogConnection(connection.UserId, connection.Socket.Id, handshake.Request.RemoteAddress, seconds, threads.Count, why);
        }
    }

    private async ValueTask HandleAsync(ChatConnection connection, IncomingEvent incoming)
    {
        try
        {
            if (!_handlers.TryGetValue(incoming.Name, out var handler))
                throw new ChatException(ChatErrorCodes.NotFound, "There is no such event.");
            await handler(new ChatRequest(connection, EventPayload.Of(incoming), incoming.Ack));
        }
        catch (ChatException refused)
        {
            Refuse(connection, incoming, refused.Code, refused.Message, refused.RetryAfterMs);
        }
        catch (InvalidPayloadException invalid)
        {
            Refuse(connection, incoming, ChatErrorCodes.Invalid, invalid.Message, retryAfterMs: null);
        }
    }

    private static void Refuse(ChatConnection connection, IncomingEvent incoming, string code, string message, long? retryAfterMs)
    {
        connection.Socket.Emit("error", new Wire.Error(incoming.Name, message, EventPayload.TempIdOf(incoming)));
        incoming.Ack.Send(new Wire.Refused(new Wire.ErrorDetail(code, message, retryAfterMs)));
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "User {UserId} was connected for {Seconds:F0} s from {RemoteAddress}, in {Threads} threads at the end: {Reason} (socket {SocketId})")]
    private partial void LogConnection(long userId, string socketId, System.Net.IPAddress? remoteAddress, double seconds, int threads, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "A connection from {RemoteAddress} was refused: {Reason}")]
    private partial void LogRefused(System.Net.IPAddress? remoteAddress, string reason);
}
