using System.Text;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Identity;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// The plugin's earlier versions. With the API key they let the caller do everything, as user 1, so no answer to such a call is ever taken for a user's right: with
/// <c>AUTH_MODE=wordpress</c> calls are made with the user's own login and without the key; with tokens only the threads are open that webhooks
/// told of; with bare user ids everything is, and the log says so at start.
/// </summary>
/// <remarks>Threading: anyone calls; the state is in the parts.</remarks>
internal sealed partial class StockPlugin : ISitePlugin
{
    /// <summary>Bytes of content, in UTF-8, that the site takes.</summary>
    public const int ContentBytes = 10_000;

    private const int MaxConfirmed = 50_000;
    private const int MaxReceipts = 100;
    private const int MaxThreadPages = 10;
    private static readonly TimeSpan ConfirmedLifetime = TimeSpan.FromDays(1);

    // What the site's clock may be behind; an older message of the same text is another one.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ContactsLifetime = TimeSpan.FromSeconds(60);
    private const int MaxContactsRemembered = 2_000_000;

    private readonly SiteRoutes _routes;
    private readonly ThreadMembers _members;
    private readonly UserDirectory _users;
    private readonly WordPressSessions _sessions;
    private readonly AuthMode _authMode;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly SeenMessages _seen = new();
    private readonly SentMessages _sent = new();
    private readonly SendOrder _order = new();
    private readonly StockHistory _history;
    private readonly ExpiringCache<long, bool> _confirmed;
    private readonly ExpiringCache<long, IReadOnlyCollection<long>> _contacts;
    private readonly ExpiringCache<long, IReadOnlyCollection<long>> _lastContacts;
    private readonly ExpiringCache<(long User, long Message), bool> _toldRead;
    private int _saidReceipts;

    public StockPlugin(
        SiteRoutes routes, ThreadMembers members, UserDirectory users, WordPressSessions sessions, ServerSettings settings, TimeProvider timeProvider, ILogger logger)
    {
        _routes = routes;
        _members = members;
        _users = users;
        _sessions = sessions;
        _authMode = settings.AuthMode;
        _timeout = settings.WordPressTimeout;
        _timeProvider = timeProvider;
        _logger = logger;
        _history = new StockHistory(routes, _seen, timeProvider, logger);
        _confirmed = new(timeProvider, ConfirmedLifetime, MaxConfirmed);
        _contacts = new(timeProvider, ContactsLifetime, MaxContactsRemembered, ids => ids.Count);
        _lastContacts = new(timeProvider, ConfirmedLifetime, MaxContactsRemembered, ids => ids.Count);
        _toldRead = new(timeProvider, ConfirmedLifetime, MaxConfirmed);
    }

    private bool HasLogins => _authMode == AuthMode.WordPress;

    /// <summary>A webhook has brought a message.</summary>
    public void StoredElsewhere(ChatMessage message)
    {
        _sent.Arrived(message);
        _seen.Add(message, siteTime: null, isTold: true);
        _confirmed.Set(message.ThreadId, true);
    }

    /// <summary>A webhook has told who is in a thread.</summary>
    public void ParticipantsChanged(long threadId, IEnumerable<long> participantIds)
    {
        _confirmed.Set(threadId, true);
        foreach (var userId in participantIds)
            _contacts.Remove(userId);
    }

    public async Task CheckMembershipAsync(long userId, long threadId, CancellationToken cancellationToken)
    {
        var caller = Enter(userId, threadId);
        if (!HasLogins || _members.Contains(userId, threadId))
            return;
        var changes = _members.Changes(threadId);
        await _routes.MessagesAsync(caller, userId, threadId, "limit=1", cancellationToken);
        _members.Add(userId, threadId, changes);
    }

    public Task<StoredMessage> SendAsync(NewMessage message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Encoding.UTF8.GetByteCount(message.Content) > ContentBytes)
            throw new ChatException(ChatErrorCodes.TooLarge, $"content may have at most {ContentBytes} bytes in UTF-8 on this site.");
        // Files cannot be uploaded there, and the site would leave out without a word what it does not have.
        if (message.AttachmentIds.Count > 0)
            throw StoreInput.Invalid("attachments must be empty: this site's plugin cannot keep files.");
        // From here on it is sent whether or not the caller waits.
        return _order.RunAsync((message.SenderId, message.ThreadId), () => SendInTurnAsync(message)).WaitAsync(cancellationToken);
    }

    public async Task<MessagePage> HistoryAsync(
        long userId, long threadId, long? beforeId, long? afterId, int limit, CancellationToken cancellationToken)
    {
        var caller = Enter(userId, threadId);
        var changes = _members.Changes(threadId);
        var page = afterId is { } after
            ? await _history.AfterAsync(caller, userId, threadId, after, Math.Min(limit, SiteRoutes.PageSize), cancellationToken)
            : await _history.BeforeAsync(caller, userId, threadId, beforeId, limit, cancellationToken);
        return Read(page, userId, threadId, changes);
    }

    public async Task<MessagePage> HistoryBeforeTimeAsync(
        long userId, long threadId, DateTimeOffset before, int limit, CancellationToken cancellationToken)
    {
        var caller = Enter(userId, threadId);
        var changes = _members.Changes(threadId);
        return Read(await _history.BeforeTimeAsync(caller, userId, threadId, before, limit, cancellationToken), userId, threadId, changes);
    }

    public Task<ChatMessage> EditAsync(long userId, long threadId, long messageId, string content, CancellationToken cancellationToken) =>
        throw Cannot("edit messages");

    public Task<ChatMessage> DeleteAsync(long userId, long threadId, long messageId, CancellationToken cancellationToken) => throw Cannot("delete messages");

    public Task<ChatMessage> ReactAsync(long userId, long threadId, long messageId, string emoji, bool remove, CancellationToken cancellationToken) =>
        throw Cannot("keep reactions");

    public Task<ChatThread> AddParticipantsAsync(long userId, long threadId, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken) =>
        throw Cannot("change who is in a thread");

    public Task RemoveParticipantAsync(long userId, long threadId, long participantId, CancellationToken cancellationToken) =>
        throw Cannot("change who is in a thread");

    public Task<ChatAttachment> AddAttachmentAsync(long userId, string filename, string mimeType, Stream content, CancellationToken cancellationToken) =>
        throw Cannot("keep files");

    public Task<AttachmentContent> OpenAttachmentAsync(long userId, long attachmentId, CancellationToken cancellationToken) => throw Cannot("show files");

    private static ChatException Cannot(string what) => new(ChatErrorCodes.Forbidden, $"This site's plugin cannot {what}.");

    /// <summary>Who a user's calls about a thread are made as. Throws where it is known already that the user may not, or that nobody can know.</summary>
    private SiteCaller Enter(long userId, long threadId)
    {
        switch (_authMode)
        {
            case AuthMode.WordPress:
                return Own(userId);
            case AuthMode.Token when !_members.IsTold(userId, threadId):
                throw new ChatException(
                    ChatErrorCodes.Forbidden,
                    "This site's plugin cannot tell whether you are in this thread: the site needs the chat server's own plugin, or AUTH_MODE=wordpress.");
            default:
                return SiteCaller.Server;
        }
    }

    private SiteCaller Own(long userId) => _sessions.Find(userId) is { } credentials
        ? SiteCaller.As(credentials)
        : throw new ChatException(ChatErrorCodes.Unauthenticated, "Your WordPress login is no longer here; sign in again.");

    private SiteCaller RequireLogin(long userId, string what) => HasLogins ? Own(userId) : throw Cannot(what + " without the users' own logins");

    private MessagePage Read(MessagePage page, long userId, long threadId, long changes)
    {
        if (page.Messages.Count > 0)
            _confirmed.Set(threadId, true);
        if (HasLogins)
            _members.Add(userId, threadId, changes);
        return page;
    }

    private async Task<StoredMessage> SendInTurnAsync(NewMessage message)
    {
        RequireTime(message);
        var caller = Enter(message.SenderId, message.ThreadId);
        if (_sent.Find(message) is { } earlier && await FindSentAsync(message, earlier, caller) is { } found)
            return found;
        RequireTime(message);

        var (highestIdBefore, begunAt) = (_seen.HighestId, _timeProvider.GetUtcNow());
        var changes = _members.Changes(message.ThreadId);
        _sent.Begin(message);
        ChatMessage? arrived = null;
        try
        {
            var answer = await PostAsync(message, caller);
            _sent.End(message);
            var stored = SiteMapping.ToMessage(answer, _routes.Clock) with { TempId = message.TempId };
            _sent.Settle(message, stored.Id);
            _seen.Add(stored, answer.CreatedAt);
            _confirmed.Set(message.ThreadId, true);
            if (HasLogins)
                _members.Add(message.SenderId, message.ThreadId, changes);
            return new StoredMessage(stored, AlreadyStored: false);
        }
        catch (ChatException failure) when (failure.InnerException is SiteFailureException { MayBeDone: true })
        {
            // The webhook of a message comes before the answer to the call that stored it.
            arrived = _sent.End(message);
            if (arrived is null)
            {
                _sent.Doubt(message, highestIdBefore, begunAt);
                throw;
            }
        }
        catch
        {
            _sent.End(message);
            throw;
        }

        _sent.Settle(message, arrived.Id);
        return new StoredMessage(arrived with { TempId = message.TempId }, AlreadyStored: false);
    }

    private TimeSpan TimeLeft(NewMessage message) => _timeout - _timeProvider.GetElapsedTime(message.TakenAt!.Value);

    // Those who waited in line for a send that was not answered hear so when that one does, and theirs is not sent after they have.
    private void RequireTime(NewMessage message)
    {
        if (TimeLeft(message) < TimeSpan.FromMilliseconds(1))
            throw new ChatException(ChatErrorCodes.Unavailable, "The WordPress site is too slow for what is written to it; try again.");
    }

    private async Task<SiteMessage> PostAsync(NewMessage message, SiteCaller caller)
    {
        var body = new StockSend(message.Content, message.ContentType, message.AttachmentIds, caller.UsesKey ? message.SenderId : null);
        var call = SiteCall.WithJson(HttpMethod.Post, $"{_routes.Namespace}/threads/{message.ThreadId}", caller, body, SiteJson.Default.StockSend) with
        {
            Deadline = TimeLeft(message),
        };
        SiteMessageAnswer answer;
        try
        {
            answer = (await _routes.CallAsync(call, SiteJson.Default.SiteMessageAnswer, (message.SenderId, message.ThreadId), CancellationToken.None)).Body;
        }
        catch (ChatException refusal) when (refusal.InnerException is SiteErrorException { Code: "message_send_failed" }
            && !_confirmed.TryGet(message.ThreadId, out _))
        {
            // What the site says of a thread that it does not have.
            throw new ChatException(ChatErrorCodes.NotFound, $"There is no thread {message.ThreadId}.", refusal);
        }

        if (answer.Message is not { Id: > 0 } stored || stored.ThreadId != message.ThreadId)
            throw WordPressSite.Unavailable(new SiteFailureException("the answer does not have the message that was sent", mayBeDone: true, passing: false));
        if (stored.SenderId != message.SenderId)
        {
            LogOtherSender(message.SenderId, message.ThreadId, stored.Id, stored.SenderId);
            throw new ChatException(
                ChatErrorCodes.Forbidden, $"The WordPress site does not know user {message.SenderId} and stored the message as one of user {stored.SenderId}.");
        }

        return stored;
    }

    // An earlier send of this name: the message that it stored; null when it certainly stored none.
    private async Task<StoredMessage?> FindSentAsync(NewMessage message, SentMessages.Attempt earlier, SiteCaller caller)
    {
        if (earlier.MessageId is { } id && _seen.TryGet(id, out var known, out _, out _))
            return new StoredMessage(known with { TempId = message.TempId }, AlreadyStored: true);

        var page = await _routes.MessagesAsync(
            caller, message.SenderId, message.ThreadId, $"limit={SiteRoutes.PageSize}", CancellationToken.None, TimeLeft(message));
        var candidates = (page.Messages ?? []).Where(candidate => candidate.SenderId == message.SenderId).OrderBy(candidate => candidate.Id);
        var match = earlier.MessageId is { } sent
            ? candidates.FirstOrDefault(candidate => candidate.Id == sent)
            : candidates.FirstOrDefault(candidate => candidate.Id > earlier.HighestIdBefore
                && SiteMapping.OptionalTime(candidate.CreatedAtGmt, candidate.CreatedAt, _routes.Clock) > earlier.BegunAt - ClockSkew
                && !_sent.IsClaimed(candidate.Id)
                && SentMessages.IsSame(message.Content, candidate.Content ?? ""));
        if (match is null)
        {
            return earlier.MessageId is null
                ? null
                : throw new ChatException(ChatErrorCodes.Unavailable, $"This message was stored as {earlier.MessageId}, which the site's newest messages no longer show.");
        }

        var isTold = _seen.TryGet(match.Id, out _, out _, out var told) && told;
        var stored = SiteMapping.ToMessage(match, _routes.Clock) with { TempId = message.TempId };
        _seen.Add(stored, match.CreatedAt);
        _sent.Settle(message, stored.Id);
        // Found after a doubt: the room knows it only if a webhook brought it.
        return new StoredMessage(stored, AlreadyStored: isTold || earlier.MessageId is not null);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The site stored a message of user {UserId} in thread {ThreadId} as message {MessageId} of user {StoredSenderId}: it does not know the sender")]
    private partial void LogOtherSender(long userId, long threadId, long messageId, long storedSenderId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Read receipts are told but not stored: this site's plugin stores them for the users' own logins only (AUTH_MODE=wordpress)")]
    private partial void LogReceiptsNotStored();
}
