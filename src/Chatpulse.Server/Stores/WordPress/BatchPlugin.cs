using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// This project's plugin: writes go together in batches, and every right is checked by the site on behalf of the user whom the server names, in the same call.
/// </summary>
/// <remarks>Threading: anyone calls; the lock guards which threads' participants are being asked for.</remarks>
internal sealed partial class BatchPlugin(WordPressSite site, SiteRoutes routes, BatchQueue batches, ThreadMembers members, UserDirectory users, TimeProvider timeProvider)
    : ISitePlugin
{
    private static readonly TimeSpan ContactsLifetime = TimeSpan.FromSeconds(30);
    private const int MaxContactsRemembered = 2_000_000;
    private const int MaxParticipantsLoads = 3;

    // As many as the ids of one call fill when there is nothing between them.
    private const int MaxPagesReadAgain = 10;

    // So many of the longest messages, with every character escaped, still fit into an answer.
    private const int LongMessages = 25;

    private readonly ExpiringCache<long, IReadOnlyCollection<long>> _contacts = new(timeProvider, ContactsLifetime, MaxContactsRemembered, ids => ids.Count);
    private readonly NewlyStored _newlyStored = new(timeProvider);
    private readonly LostReceipts _lost = new(timeProvider);
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Task<IReadOnlyList<ChatUser>>> _asked = [];

    /// <summary>Who is in a thread has changed: answers that are on their way are for nobody new.</summary>
    public void ParticipantsChanged(long threadId, IEnumerable<long> participantIds)
    {
        lock (_lock)
            _asked.Remove(threadId);
        foreach (var userId in participantIds)
            _contacts.Remove(userId);
    }

    public async Task CheckMembershipAsync(long userId, long threadId, CancellationToken cancellationToken)
    {
        if (members.Contains(userId, threadId))
            return;
        var participants = await LoadParticipantsAsync(threadId).WaitAsync(cancellationToken);
        if (participants.All(participant => participant.Id != userId))
            throw NotAParticipant();
    }

    public async Task<StoredMessage> SendAsync(NewMessage message, CancellationToken cancellationToken)
    {
        var operation = new SiteOperation("send", message.SenderId, message.ThreadId)
        {
            ClientId = message.TempId ?? SiteMapping.NewClientId(),
            Content = message.Content,
            ContentType = message.ContentType,
            AttachmentIds = message.AttachmentIds,
        };
        var attempt = _newlyStored.Begin(message);
        var (answer, repeated) = await DoAsync(operation, SiteJson.Default.SiteMessageAnswer, cancellationToken, message.TakenAt);
        var stored = Message(answer, message.ThreadId);
        if (stored.SenderId != message.SenderId)
            throw new ChatException(ChatErrorCodes.Internal, $"The WordPress site stored the message as one of user {stored.SenderId}; it is not sent.");
        return new StoredMessage(stored, !_newlyStored.IsNews(message, attempt, stored.Id, answer.AlreadyStored, repeated));
    }

    public async Task<MessagePage> HistoryAsync(
        long userId, long threadId, long? beforeId, long? afterId, int limit, CancellationToken cancellationToken)
    {
        var query = (beforeId, afterId) switch
        {
            ({ } before, _) => $"before_id={before}&",
            (_, { } after) => $"after_id={after}&",
            _ => "",
        };
        return await PageAsync(userId, threadId, query, limit, cancellationToken);
    }

    public Task<MessagePage> HistoryBeforeTimeAsync(long userId, long threadId, DateTimeOffset before, int limit, CancellationToken cancellationToken) =>
        PageAsync(userId, threadId, $"before={Uri.EscapeDataString(routes.Clock.Write(before))}&", limit, cancellationToken);

    public async Task<MarkedRead> MarkReadAsync(long userId, long threadId, IReadOnlyList<long>? messageIds, CancellationToken cancellationToken)
    {
        var operation = new SiteOperation("read", userId, threadId) { MessageIds = messageIds };
        SiteRead answer;
        bool repeated;
        try
        {
            (answer, repeated) = await DoAsync(operation, SiteJson.Default.SiteRead, cancellationToken);
        }
        catch (ChatException failure) when (failure.InnerException is SiteFailureException { MayBeDone: true })
        {
            _lost.Add(userId, threadId, messageIds);
            throw;
        }

        var receipts = answer.Receipts ?? [];
        var readByAll = Messages(answer.ReadByAll, threadId);
        var doubtful = _lost.Take(userId, threadId, messageIds);
        if (repeated || doubtful)
        {
            var stored = await ReadAgainAsync(userId, threadId, messageIds, () => _lost.Add(userId, threadId, messageIds));
            receipts = [.. receipts.Concat(stored.Select(message => new SiteReadReceipt(message.Id, null, null))).DistinctBy(receipt => receipt.MessageId)];
            readByAll = [.. readByAll.Concat(stored.Where(message => message.Status is "read")).DistinctBy(message => message.Id)];
        }

        var reader = receipts.Count > 0 ? await NameAsync(userId) : null;
        return new MarkedRead(
            [
                .. receipts.OrderBy(receipt => receipt.MessageId).Select(receipt => new ReadReceipt(
                    receipt.MessageId,
                    userId,
                    reader!.DisplayName,
                    reader.Email,
                    SiteMapping.OptionalTime(receipt.ReadAtGmt, receipt.ReadAt, routes.Clock) ?? timeProvider.GetUtcNow())),
            ],
            readByAll);
    }

    public async Task<IReadOnlyList<ChatMessage>> MarkDeliveredAsync(long userId, long threadId, IReadOnlyList<long> messageIds, CancellationToken cancellationToken)
    {
        var operation = new SiteOperation("deliver", userId, threadId) { MessageIds = messageIds };
        var (answer, repeated) = await DoAsync(operation, SiteJson.Default.SiteDelivered, cancellationToken);
        var delivered = Messages(answer.Messages, threadId);
        if (!repeated)
            return delivered;
        var stored = await ReadAgainAsync(userId, threadId, messageIds, failed: null);
        return [.. delivered.Concat(stored.Where(message => message.Status is "delivered")).DistinctBy(message => message.Id)];
    }

    // What a mark was set on, when the answer that said so was lost: to a repeat the site answers only what is new. Whoever is told of one that was known already
    // learns nothing new. The receipt's own time is lost with the answer; the time of asking again is close to it. Of "all" it is the newest page.
    private async Task<List<ChatMessage>> ReadAgainAsync(long userId, long threadId, IReadOnlyList<long>? messageIds, Action? failed)
    {
        HashSet<long>? wanted = messageIds is null ? null : [.. messageIds];
        var found = new List<ChatMessage>();
        var after = wanted?.Min() - 1;
        try
        {
            for (var read = 0; read < MaxPagesReadAgain; read++)
            {
                var page = await HistoryAsync(userId, threadId, beforeId: null, after, SiteRoutes.PageSize, CancellationToken.None);
                found.AddRange(page.Messages.Where(message =>
                    message.SenderId != userId && message.DeletedAt is null && wanted?.Contains(message.Id) is not false));
                if (wanted is null || !page.HasMore || page.Messages.Count == 0 || page.Messages[^1].Id >= wanted.Max())
                    break;
                after = page.Messages[^1].Id;
            }
        }
        catch (ChatException)
        {
            // It is stored; only the others do not hear of it until it is asked for again.
            failed?.Invoke();
        }

        return found;
    }

    public Task<ChatMessage> EditAsync(long userId, long threadId, long messageId, string content, CancellationToken cancellationToken) =>
        ChangeAsync(new SiteOperation("edit", userId, threadId) { MessageId = messageId, Content = content }, cancellationToken);

    public Task<ChatMessage> DeleteAsync(long userId, long threadId, long messageId, CancellationToken cancellationToken) =>
        ChangeAsync(new SiteOperation("delete", userId, threadId) { MessageId = messageId }, cancellationToken);

    public Task<ChatMessage> ReactAsync(long userId, long threadId, long messageId, string emoji, bool remove, CancellationToken cancellationToken) =>
        ChangeAsync(new SiteOperation("react", userId, threadId) { MessageId = messageId, Emoji = emoji, Remove = remove }, cancellationToken);

    public Task<IReadOnlyList<ReadReceipt>> ReceiptsAsync(long userId, long messageId, CancellationToken cancellationToken) =>
        routes.ReceiptsAsync(SiteCaller.OnBehalfOf(userId), messageId, cancellationToken);

    private async Task<ChatMessage> ChangeAsync(SiteOperation operation, CancellationToken cancellationToken) =>
        Message((await DoAsync(operation, SiteJson.Default.SiteMessageAnswer, cancellationToken)).Answer, operation.ThreadId);

    private async Task<MessagePage> PageAsync(long userId, long threadId, string query, int limit, CancellationToken cancellationToken)
    {
        var changes = members.Changes(threadId);
        limit = Math.Min(limit, SiteRoutes.PageSize);
        SiteHistory page;
        try
        {
            page = await AskAsync(limit);
        }
        catch (ChatException failure) when (limit > LongMessages && failure.InnerException is SiteFailureException { IsTooLong: true })
        {
            page = await AskAsync(LongMessages);
        }

        members.Add(userId, threadId, changes);
        var messages = (page.Messages ?? []).ConvertAll(message => SiteMapping.ToMessage(message, routes.Clock));
        messages.Sort(static (a, b) => a.Id.CompareTo(b.Id));
        return new MessagePage(messages, page.HasMore);

        Task<SiteHistory> AskAsync(int count) =>
            routes.MessagesAsync(SiteCaller.OnBehalfOf(userId), userId, threadId, $"{query}limit={count}", cancellationToken);
    }

    // What a batch answers to one operation; proves that the user is in the thread, or that they are not.
    private async Task<(T Answer, bool Repeated)> DoAsync<T>(
        SiteOperation operation, JsonTypeInfo<T> type, CancellationToken cancellationToken, long? takenAt = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var access = (operation.User, operation.ThreadId);
        var changes = members.Changes(operation.ThreadId);
        try
        {
            var result = await batches.AddAsync(operation, takenAt).WaitAsync(cancellationToken);
            if (SiteErrors.Of(result) is { } error)
                throw routes.Refusal(error, ownCredentials: false, error.Code is "rest_cannot_access_thread" ? access : null);
            members.Add(operation.User, operation.ThreadId, changes);
            return (result.Body.Deserialize(type) ?? throw new JsonException("null"), result.Repeated);
        }
        catch (SiteErrorException error)
        {
            // About the batch, and not about the user.
            throw routes.Refusal(error, ownCredentials: false, access: null);
        }
        catch (JsonException e)
        {
            throw WordPressSite.Unavailable(new SiteFailureException($"the answer to {operation.Op} cannot be read", mayBeDone: true, passing: false, e));
        }
    }

    private async Task<ChatUser> NameAsync(long userId)
    {
        try
        {
            if (await users.FindAsync(userId, CancellationToken.None) is { } user)
                return user;
        }
        catch (ChatException)
        {
            // The receipt is stored; only its name is missing.
        }

        return new ChatUser(userId, SiteMapping.Name(userId, name: null), "");
    }

    private ChatMessage Message(SiteMessageAnswer answer, long threadId) => answer.Message is { Id: > 0 } message && message.ThreadId == threadId
        ? SiteMapping.ToMessage(message, routes.Clock)
        : throw WordPressSite.Unavailable(new SiteFailureException("the answer does not have the message that was meant", mayBeDone: true, passing: false));

    private List<ChatMessage> Messages(List<SiteMessage>? messages, long threadId) =>
        [.. (messages ?? []).Where(message => message.Id > 0 && message.ThreadId == threadId).Select(message => SiteMapping.ToMessage(message, routes.Clock))];

    private static ChatException NotAParticipant() => new(ChatErrorCodes.Forbidden, "You are not a participant of this thread.");
}
