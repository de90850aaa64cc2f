using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.Sqlite;

// What changes messages and threads that are there.
public sealed partial class SqliteChatStore
{
    /// <inheritdoc />
    public ValueTask<IReadOnlyList<ChatMessage>> MarkDeliveredAsync(long userId, long threadId, IReadOnlyList<long> messageIds, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <inheritdoc />
    public ValueTask<ChatMessage> EditAsync(long userId, long threadId, long messageId, string content, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <inheritdoc />
    public ValueTask<ChatMessage> DeleteAsync(long userId, long threadId, long messageId, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <inheritdoc />
    public ValueTask<ChatMessage> ReactAsync(long userId, long threadId, long messageId, string emoji, bool remove, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<ChatUser>> ParticipantsAsync(long userId, long threadId, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <inheritdoc />
    public ValueTask<ChatThread> AddParticipantsAsync(long userId, long threadId, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <inheritdoc />
    public ValueTask RemoveParticipantAsync(long userId, long threadId, long participantId, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <inheritdoc />
    public void ParticipantsChanged(long threadId, IReadOnlyCollection<long> added, IReadOnlyCollection<long> removed)
    {
    }

    /// <inheritdoc />
    public void SignedOut(long userId)
    {
    }
}
