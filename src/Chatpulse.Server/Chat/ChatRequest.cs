using Chatpulse.Server.Stores;
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

    /// <summary>
    /// Refuses an event on a thread that the connection has not joined, unless the user is in the thread already: a client library sends what it kept
    /// while it was offline before its application can join again, perhaps to a server that has just been started anew.
    /// </summary>
    /// <exception cref="ChatException"><c>forbidden</c>: the thread has to be joined first; <c>unavailable</c>: the store cannot tell.</exception>
    public async ValueTask RequireMemberAsync(IChatStore store, long threadId)
    {
        if (Connection.IsIn(threadId))
            return;
        try
        {
            await store.CheckMembershipAsync(UserId, threadId, CancellationToken.None);
        }
        catch (ChatException refused) when (refused.Code is ChatErrorCodes.NotFound or ChatErrorCodes.Forbidden)
        {
            throw new ChatException(ChatErrorCodes.Forbidden, ChatConnection.JoinFirst);
        }
    }
}
