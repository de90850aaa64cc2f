using Microsoft.Extensions.Logging;
using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>
/// What the server logs. What a client does wrong is Debug: a stranger must not fill the log. What the application does wrong
/// is an Error.
/// </summary>
internal sealed partial class ServerLog(ILogger logger)
{
    [LoggerMessage(1, LogLevel.Debug, "Socket {Socket} connected to {Namespace} over session {Session}")]
    public partial void Connected(string @namespace, string socket, string session);

    [LoggerMessage(2, LogLevel.Debug, "Socket {Socket} disconnected from {Namespace}: {Reason}")]
    public partial void Disconnected(string @namespace, string socket, string reason);

    [LoggerMessage(3, LogLevel.Debug, "Session {Session} joined no namespace in time")]
    public partial void ConnectTimedOut(string session);

    [LoggerMessage(4, LogLevel.Debug, "Session {Session} sent an illegal packet: {Error}")]
    public partial void IllegalPacket(string session, string? error);

    [LoggerMessage(5, LogLevel.Debug, "Session {Session} sent a {Type} packet for {Namespace}, which its state does not allow")]
    public partial void InvalidState(string session, SocketPacketType type, string @namespace);

    [LoggerMessage(6, LogLevel.Error, "Connecting session {Session} to {Namespace} failed")]
    public partial void ConnectFailed(Exception exception, string @namespace, string session);

    [LoggerMessage(7, LogLevel.Error, "The connection handler of {Namespace} failed for socket {Socket}")]
    public partial void ConnectionHandlerFailed(Exception exception, string @namespace, string socket);

    [LoggerMessage(8, LogLevel.Error, "A disconnect handler of socket {Socket} in {Namespace} failed")]
    public partial void DisconnectHandlerFailed(Exception exception, string @namespace, string socket);

    [LoggerMessage(9, LogLevel.Error, "The handler of {Event} failed for socket {Socket} in {Namespace}")]
    public partial void HandlerFailed(Exception exception, string @event, string @namespace, string socket);

    [LoggerMessage(10, LogLevel.Debug, "{Event} of socket {Socket} in {Namespace} was refused")]
    public partial void EventRefused(Exception exception, string @event, string @namespace, string socket);

    [LoggerMessage(11, LogLevel.Debug, "Nobody handles {Event} of socket {Socket} in {Namespace}")]
    public partial void Unhandled(string @event, string @namespace, string socket);

    [LoggerMessage(12, LogLevel.Debug, "Nobody waits for ack {Id} of socket {Socket} in {Namespace}")]
    public partial void UnknownAck(long id, string @namespace, string socket);

    [LoggerMessage(13, LogLevel.Debug, "{Count} events of socket {Socket} in {Namespace} were dropped: it was disconnected before their turn")]
    public partial void EventsDropped(int count, string @namespace, string socket);

    [LoggerMessage(14, LogLevel.Error, "The server-side handler of {Event} in {Namespace} failed")]
    public partial void ServerSideHandlerFailed(Exception exception, string @event, string @namespace);

    [LoggerMessage(15, LogLevel.Error, "Closing the adapter of {Namespace} failed")]
    public partial void AdapterCloseFailed(Exception exception, string @namespace);

    [LoggerMessage(16, LogLevel.Error, "A listener of room {Room} in {Namespace} failed")]
    public partial void RoomListenerFailed(Exception exception, string room, string @namespace);

    [LoggerMessage(19, LogLevel.Error, "Whether socket {Socket} in {Namespace} may be recovered could not be decided")]
    public partial void RecoveryFailed(Exception exception, string @namespace, string socket);

    [LoggerMessage(17, LogLevel.Error, "The adapter of {Namespace} failed when socket {Socket} left")]
    public partial void AdapterLeaveFailed(Exception exception, string @namespace, string socket);

    [LoggerMessage(18, LogLevel.Error, "What was to be told of an answer of socket {Socket} in {Namespace} failed")]
    public partial void AnswerHandlerFailed(Exception exception, string @namespace, string socket);
}
