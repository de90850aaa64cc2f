using Chatpulse.Server.Chat;
using Chatpulse.Server.Rest;

namespace Chatpulse.Server.Stores;

/// <summary>
/// Where threads, messages and receipts are kept. Every method acts on behalf of one user (<c>userId</c>) and checks that user's rights.
/// A refusal or failure is a <see cref="ChatException"/>: <c>not_found</c> (no such thread, message or attachment), <c>forbidden</c> (it is
/// there, the user may not use it), <c>invalid</c> and <c>too_large</c> (over <see cref="StoreLimits"/>; the message names the field),
/// <c>unavailable</c> (the store cannot be reached or cannot write, or too much waits for it).
/// </summary>
/// <remarks>
/// Thread-safe. Nothing that was answered is lost when the process is killed right after. A caller who cancels stops waiting; what was asked
/// for may still be done.
/// </remarks>
public interface IChatStore
{
    /// <summary>Completes when the user may use the thread; throws otherwise. In development the embedded store makes the user, the thread and the membership that is missing.</summary>
    ValueTask CheckAccessAsync(long userId, long threadId, CancellationToken cancellationToken);

    /// <summary>Completes when the user is in the thread already; throws otherwise, in development too: nothing is made.</summary>
    ValueTask CheckMembershipAsync(long userId, long threadId, CancellationToken cancellationToken);

    /// <summary>Makes the user known; used at sign-in. A given name replaces the one before; without one a known user keeps theirs, and a new one is called by the id.</summary>
    ValueTask<ChatUser> EnsureUserAsync(long userId, string? displayName, CancellationToken cancellationToken);

    /// <summary>
    /// Stores a message, checking access in the same step. With a <see cref="NewMessage.TempId"/> it is idempotent:
    /// <c>(sender, thread, tempId)</c> names one message, and a repeat answers the stored one with <see cref="StoredMessage.AlreadyStored"/>.
    /// Messages of one sender to one thread are stored in the order of the calls.
    /// </summary>
    ValueTask<StoredMessage> SendAsync(NewMessage message, CancellationToken cancellationToken);

    /// <summary>
    /// Messages of a thread, oldest first: the first ones after <paramref name="afterId"/> (0: from the beginning), or the last ones before
    /// <paramref name="beforeId"/>, or the newest; both ids together are <c>invalid</c>. Over <see cref="StoreLimits.PageSize"/> the limit is cut.
    /// </summary>
    ValueTask<MessagePage> HistoryAsync(long userId, long threadId, long? beforeId, long? afterId, int limit, CancellationToken cancellationToken);

    /// <summary>Messages of a thread made before a time, newest <paramref name="limit"/>, oldest first. What the REST route's <c>before</c> asks for.</summary>
    ValueTask<MessagePage> HistoryBeforeTimeAsync(long userId, long threadId, DateTimeOffset before, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Stores that the user has read these messages of the thread (null: all of them). Own messages and those read before are passed over;
    /// an id that is not in the thread is <c>not_found</c> and nothing is stored. Answers the receipts that are new, by message id. Where all
    /// are asked for and the store fails half-way, the part that is stored stays; asking again does the rest.
    /// </summary>
    ValueTask<MarkedRead> MarkReadAsync(long userId, long threadId, IReadOnlyList<long>? messageIds, CancellationToken cancellationToken);

    /// <summary>
    /// Stores that a device of the user has taken these messages of the thread. Answers those whose status became <c>delivered</c>: the messages of others that
    /// were <c>sent</c> until now. Ids that are not in the thread are passed over. A store that cannot keep it answers them all the same, once.
    /// </summary>
    ValueTask<IReadOnlyList<ChatMessage>> MarkDeliveredAsync(long userId, long threadId, IReadOnlyList<long> messageIds, CancellationToken cancellationToken);

    /// <summary>
    /// Gives a message new content; only its author may (<c>forbidden</c>), and not after it was deleted (<c>not_found</c>). <c>forbidden</c> too where the store
    /// does not offer it, which the message says.
    /// </summary>
    ValueTask<ChatMessage> EditAsync(long userId, long threadId, long messageId, string content, CancellationToken cancellationToken);

    /// <summary>
    /// Takes away a message's content, files and reactions for good; it keeps its place. Its author may, and who moderates: the maker of the thread, and
    /// whom the store names besides. Deleting again answers the same. <c>forbidden</c> where the store does not offer it.
    /// </summary>
    ValueTask<ChatMessage> DeleteAsync(long userId, long threadId, long messageId, CancellationToken cancellationToken);

    /// <summary>
    /// Puts an emoji on a message, or with <paramref name="remove"/> takes the user's own away; what is so already stays so. <c>forbidden</c> where the store
    /// does not offer it; <c>too_large</c> over <see cref="StoreLimits.EmojiPerMessage"/>.
    /// </summary>
    ValueTask<ChatMessage> ReactAsync(long userId, long threadId, long messageId, string emoji, bool remove, CancellationToken cancellationToken);

    /// <summary>Who has read a message.</summary>
    ValueTask<IReadOnlyList<ReadReceipt>> ReceiptsAsync(long userId, long messageId, CancellationToken cancellationToken);

    /// <summary>The user's threads, most recently used first; with <paramref name="search"/> those whose title or other participants' names contain it, whatever the case.</summary>
    ValueTask<ThreadPage> ThreadsAsync(long userId, int page, int perPage, string? search, CancellationToken cancellationToken);

    /// <summary>Ids of everyone who shares a thread with the user, the user left out. Bounded; used for presence.</summary>
    ValueTask<IReadOnlyCollection<long>> ContactsAsync(long userId, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a thread of the user and the participants (who may include the user), or answers the private one that these two already have.
    /// A private thread has exactly one other participant. A participant who is not known is <c>invalid</c>; in development the embedded
    /// store makes them.
    /// </summary>
    ValueTask<CreatedThread> CreateThreadAsync(long userId, string type, string? title, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken);

    /// <summary>Who is in the thread; the user must be.</summary>
    ValueTask<IReadOnlyList<ChatUser>> ParticipantsAsync(long userId, long threadId, CancellationToken cancellationToken);

    /// <summary>
    /// Takes people into a group (<c>invalid</c> for a private thread, and for people who are not known); its maker may, and who moderates. Who is in it already
    /// stays. Answers the thread.
    /// </summary>
    ValueTask<ChatThread> AddParticipantsAsync(long userId, long threadId, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken);

    /// <summary>Takes somebody out of a group: its maker may, who moderates, and everybody themselves. From then on they are refused everything there.</summary>
    ValueTask RemoveParticipantAsync(long userId, long threadId, long participantId, CancellationToken cancellationToken);

    /// <summary>
    /// Somebody else (a webhook) has changed who is in a thread: what is remembered about these people there is replaced. Returns at once; the next call that
    /// needs to know knows.
    /// </summary>
    void ParticipantsChanged(long threadId, IReadOnlyCollection<long> added, IReadOnlyCollection<long> removed);

    /// <summary>The user has signed out: what is remembered about them is dropped. Returns at once.</summary>
    void SignedOut(long userId);

    /// <summary>Users in the order of their names; <see cref="UserQuery.Search"/> is looked for anywhere in a name, whatever the case.</summary>
    ValueTask<IReadOnlyList<ChatUser>> UsersAsync(UserQuery query, CancellationToken cancellationToken);

    /// <summary>One user, or null.</summary>
    ValueTask<ChatUser?> FindUserAsync(long userId, CancellationToken cancellationToken);

    /// <summary>
    /// Keeps a file that the user uploads, until a message of the same user carries it or it has waited a day. Reads the content to its end and does not
    /// dispose it; <paramref name="mimeType"/> was checked against it. Only the name's last part after a slash or backslash is kept.
    /// </summary>
    ValueTask<ChatAttachment> AddAttachmentAsync(long userId, string filename, string mimeType, Stream content, CancellationToken cancellationToken);

    /// <summary>Opens a file for its uploader or a member of the thread it was sent to; <c>not_found</c> for anybody else.</summary>
    ValueTask<AttachmentContent> OpenAttachmentAsync(long userId, long attachmentId, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes the files that were uploaded and not sent with any message for a day, and answers how many. The server calls it from time to
    /// time; a store whose files are cleaned up by others does nothing and answers 0.
    /// </summary>
    ValueTask<int> DeleteUnusedAttachmentsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Somebody else (a webhook) says that this message is stored. A store that waits for an answer about it, or has lost one, may take it for the answer.
    /// Returns at once.
    /// </summary>
    void StoredElsewhere(ChatMessage message)
    {
    }

    /// <summary>Reads a time that whoever keeps the messages wrote without an offset (<c>YYYY-MM-DD HH:MM:SS</c>), in their time zone; UTC for the embedded store.</summary>
    bool TryReadTime(string text, out DateTimeOffset time) => RestTime.TryRead(text, out time);

    /// <summary>Completes when the store can be read and written; throws <c>unavailable</c> with why not.</summary>
    ValueTask CheckHealthAsync(CancellationToken cancellationToken);
}
