using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// What a site's plugin can do for users, each way in which it can be asked. The calls mean what those of <see cref="IChatStore"/> of the same name mean; their
/// ids, texts and limits were checked.
/// </summary>
internal interface ISitePlugin
{
    Task CheckMembershipAsync(long userId, long threadId, CancellationToken cancellationToken);

    Task<StoredMessage> SendAsync(NewMessage message, CancellationToken cancellationToken);

    Task<MessagePage> HistoryAsync(long userId, long threadId, long? beforeId, long? afterId, int limit, CancellationToken cancellationToken);

    Task<MessagePage> HistoryBeforeTimeAsync(long userId, long threadId, DateTimeOffset before, int limit, CancellationToken cancellationToken);

    Task<MarkedRead> MarkReadAsync(long userId, long threadId, IReadOnlyList<long>? messageIds, CancellationToken cancellationToken);

    Task<IReadOnlyList<ChatMessage>> MarkDeliveredAsync(long userId, long threadId, IReadOnlyList<long> messageIds, CancellationToken cancellationToken);

    Task<ChatMessage> EditAsync(long userId, long threadId, long messageId, string content, CancellationToken cancellationToken);

    Task<ChatMessage> DeleteAsync(long userId, long threadId, long messageId, CancellationToken cancellationToken);

    Task<ChatMessage> ReactAsync(long userId, long threadId, long messageId, string emoji, bool remove, CancellationToken cancellationToken);

    Task<IReadOnlyList<ReadReceipt>> ReceiptsAsync(long userId, long messageId, CancellationToken cancellationToken);

    Task<ThreadPage> ThreadsAsync(long userId, int page, int perPage, string? search, CancellationToken cancellationToken);

    Task<IReadOnlyCollection<long>> ContactsAsync(long userId, CancellationToken cancellationToken);

    Task<CreatedThread> CreateThreadAsync(long userId, string type, string? title, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken);

    Task<IReadOnlyList<ChatUser>> ParticipantsAsync(long userId, long threadId, CancellationToken cancellationToken);

    Task<ChatThread> AddParticipantsAsync(long userId, long threadId, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken);

    Task RemoveParticipantAsync(long userId, long threadId, long participantId, CancellationToken cancellationToken);

    Task<ChatAttachment> AddAttachmentAsync(long userId, string filename, string mimeType, Stream content, CancellationToken cancellationToken);

    Task<AttachmentContent> OpenAttachmentAsync(long userId, long attachmentId, CancellationToken cancellationToken);
}
