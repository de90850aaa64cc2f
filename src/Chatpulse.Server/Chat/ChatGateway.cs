using System.Collections.Frozen;
using Chatpulse.Server.Chat.Events;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Identity;
using Chatpulse.Server.Presence;
using Chatpulse.Server.Typing;
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

    private void Connect(Socket socket)
    {
        var identity = (UserIdentity)socket.Data!;
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

        // Closed before its rooms are left, so that a handler still under way cannot join one afterwards.
        IReadOnlyList<long> threads = [];
        socket.OnDisconnecting(_ => threads = connection.Close());
        socket.OnDisconnect(reason => Disconnect(connection, threads, reason));

        if (_presence.Connect(connection.UserId))
            _announcer.Announce(connection.UserId);
        connection.Expiry?.Set(identity.ExpiresAt);
        if (identity.Credentials is not null)
            _logins.Watch(connection);

        // Last: from here on it can be found and ended. What took rights from the user before is looked for afterwards.
        socket.Join(ChatRooms.User(connection.UserId));
        socket.Data = connection;
        if (_authenticator.HasSignedOut(identity))
            connection.EndSignedOut();
    }

    private IdentityExpiry? ExpiryOf(Socket socket, UserIdentity identity)
    {
        if (identity.Credentials is not null)
            return new IdentityExpiry(socket, "login", "a new nonce", _server.Engine.Wheel, _settings.AuthGracePeriod, _timeProvider);
        return identity.ExpiresAt is null ? null : new IdentityExpiry(socket, "token", "a new one", _server.Engine.Wheel, _settings.AuthGracePeriod, _timeProvider);
    }

    private void Disconnect(ChatConnection connection, IReadOnlyList<long> threads, DisconnectReason reason)
    {
        connection.Expiry?.Stop();
        _logins.Unwatch(connection);
        foreach (var threadId in threads)
        {
            _typing.Disconnect(threadId, connection.UserId, connection.Socket.Id);
            _threadPresence.Leave(threadId, connection.UserId, connection.Socket.Id);
        }

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
