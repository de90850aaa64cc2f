using System.Text.Json;
using Chatpulse.Server.Stores;
using SocketIO.Server;

namespace Chatpulse.Server.Chat;

/// <summary>
/// What is stored and told: the one way to send, read and make threads, for sockets, REST routes and webhooks.
/// Failures are <see cref="ChatException"/>s for the one who asked; nothing is told then.
/// </summary>
public sealed class ChatService(IChatStore store, SocketIOServer server, TimeProvider timeProvider)
{
    /// <summary>
    /// Checks, stores and tells a message. Everyone in the thread's room gets <c>message</c>, except the sending connection. With no
    /// <paramref name="sender"/> it came by REST: the room gets <c>message:received</c> and <c>thread:updated</c> as well.
    /// A repeat of a stored <c>tempId</c> tells nobody. Completes when it is stored and told, in the order of ids within the thread.
    /// </summary>
    public ValueTask<StoredMessage> SendAsync(MessageDraft draft, Socket? sender, CancellationToken cancellationToken) =>
        throw new NotImplementedException($"{store} {server.Default.Name} {timeProvider}");

    /// <summary>
    /// Stores that the user has read messages of a thread (null: all of them) and tells the room, one <c>read_receipt</c> a message that is newly
    /// read; with no <paramref name="reader"/> it came by REST, and the room gets one <c>message:read</c> as well. Answers the new receipts.
    /// </summary>
    public ValueTask<IReadOnlyList<ReadReceipt>> MarkReadAsync(
        long userId, long threadId, IReadOnlyList<long>? messageIds, Socket? reader, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Makes a thread, or answers the private one that is there. A new one is told with <c>thread:created</c> to every participant's connections.</summary>
    public ValueTask<CreatedThread> CreateThreadAsync(
        long userId, string type, string? title, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Checks access, then tells the others in the thread that the user types or has stopped; expires by itself 10 s after the last <c>true</c>.</summary>
    public ValueTask SetTypingAsync(long userId, long threadId, bool isTyping, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Ids of who types in the thread now.</summary>
    public IReadOnlyList<long> TypingUsers(long threadId) => throw new NotImplementedException();

    /// <summary>
    /// Another server has stored a message (a webhook): tells it to the thread's room as one that came by REST, unless it was told already. Returns at once; a
    /// message that is being stored through this server at the same time is waited for, so nobody gets it twice.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="restShape">The message as the webhook brought it, for <c>message:received</c>.</param>
    public void TellStoredElsewhere(ChatMessage message, JsonElement restShape) => throw new NotImplementedException();

    /// <summary>Another server has stored receipts (a webhook): tells the thread's room.</summary>
    public void TellReadElsewhere(long userId, long threadId, IReadOnlyList<long> messageIds) => throw new NotImplementedException();

    /// <summary>Another server has made a thread (a webhook): tells every participant's connections.</summary>
    public void TellThreadCreatedElsewhere(JsonElement thread, IReadOnlyCollection<long> participantIds) => throw new NotImplementedException();
}
