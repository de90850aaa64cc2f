using SocketIO.Server;

namespace Chatpulse.Server.Chat;

/// <summary>An event of a client while it is being handled.</summary>
/// <param name="Connection">Who sent it, and by which socket.</param>
/// <param name="Payload">What came with it.</param>
/// <param name="Ack">How to answer it; a handler that returns without an exception has answered.</param>
internal sealed record ChatRequest(ChatConnection Connection, EventPayload Payload, Ack Ack)
{
    /// <summary>The user who sent it.</summary>
    public long UserId => Connection.UserId;

    /// <summary>The socket it came by.</summary>
    public Socket Socket => Connection.Socket;
}
