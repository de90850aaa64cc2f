using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Identity;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// Keeps threads, messages and receipts in a WordPress site, through its REST API: whichever version of the plugin the site runs, found out at start and
/// followed when it changes. A message is one call at most, and with this project's plugin part of one.
/// </summary>
/// <remarks>Threading: anyone calls; the state is in the parts. Nothing is kept here that the site does not have but what it answered a short while ago.</remarks>
internal sealed partial class WordPressChatStore : IChatStore
{
    private static readonly TimeSpan HealthyAfterAnswer = TimeSpan.FromSeconds(5);

    private readonly WordPressSite _site;
    private readonly SiteDiscovery _discovery;
    private readonly ServerSettings _settings;
    private readonly TimeProvider _timeProvider;
    private readonly ThreadMembers _members;
    private readonly UserDirectory _users;
    private readonly SendOrder _entrance = new();
    private readonly BatchPlugin _batchPlugin;
    private readonly StockPlugin _stockPlugin;

    public WordPressChatStore(
        WordPressSite site,
        SiteDiscovery discovery,
        ServerSettings settings,
        WordPressSessions sessions,
        TimeProvider timeProvider,
        ILogger<WordPressChatStore> logger)
    {
        _site = site;
        _discovery = discovery;
        _settings = settings;
        _timeProvider = timeProvider;
        _members = new ThreadMembers(timeProvider);
        _users = new UserDirectory(site, settings, sessions, timeProvider);
        var routes = new SiteRoutes(site, discovery, _members, sessions, settings);
        _batchPlugin = new BatchPlugin(site, routes, new BatchQueue(site, settings.ApiNamespace, timeProvider), _members, _users, timeProvider);
        _stockPlugin = new StockPlugin(routes, _members, _users, sessions, settings, timeProvider, logger);
    }

    /// <inheritdoc />
    public ValueTask CheckAccessAsync(long userId, long threadId, CancellationToken cancellationToken) =>
        CheckMembershipAsync(userId, threadId, cancellationToken);

    /// <inheritdoc />
    public async ValueTask CheckMembershipAsync(long userId, long threadId, CancellationToken cancellationToken)
    {
        RequireUserAndThread(userId, threadId);
        await (await PluginAsync(cancellationToken)).CheckMembershipAsync(userId, threadId, cancellationToken);
    }

    /// <summary>
    /// The site's user; nobody is made. <c>unauthenticated</c> when the site has none with this id. A name that came with a proof is enough
    /// where the site cannot be reached, so that people can connect and wait for it, and with <c>AUTH_MODE=wordpress</c>, where the site was asked just now.
    /// </summary>
    public async ValueTask<ChatUser> EnsureUserAsync(long userId, string? displayName, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        StoreInput.RequireText(displayName ?? "", "displayName", StoreLimits.DisplayNameLength);
        var named = string.IsNullOrWhiteSpace(displayName) ? null : new ChatUser(userId, displayName.Trim(), "");
        if (named is not null && _settings.AuthMode == AuthMode.WordPress)
        {
            _users.Add(named);
            return named;
        }

        try
        {
            return await _users.FindAsync(userId, cancellationToken)
                ?? throw new ChatException(ChatErrorCodes.Unauthenticated, $"The WordPress site has no user {userId}.");
        }
        catch (ChatException refusal) when (named is not null && refusal.Code is ChatErrorCodes.Unavailable)
        {
            return named;
        }
    }

    /// <inheritdoc />
    public async ValueTask<StoredMessage> SendAsync(NewMessage message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        StoreInput.RequireId(message.SenderId, "senderId");
        StoreInput.RequireId(message.ThreadId, "threadId");
        StoreInput.RequireContent(message.Content);
        if (!ContentTypes.All.Contains(message.ContentType))
            throw StoreInput.Invalid("contentType is not one that is known");
        if (message.TempId is { } tempId)
        {
            if (tempId.Length == 0)
                throw StoreInput.Invalid("tempId must not be empty");
            StoreInput.RequireText(tempId, "tempId", StoreLimits.TempIdLength);
        }

        StoreInput.RequireIds(message.AttachmentIds, "attachments", StoreLimits.AttachmentsPerMessage);
        if (message.AttachmentIds.Distinct().Count() != message.AttachmentIds.Count)
            throw StoreInput.Invalid("attachments must not name a file twice");
        message = message with { TakenAt = message.TakenAt ?? _timeProvider.GetTimestamp() };
        // Begun in the order of the calls, also by those who have to wait until the site is known.
        var begun = await _entrance.RunAsync(
            (message.SenderId, message.ThreadId),
            async () => new BegunSend((await PluginAsync(cancellationToken)).SendAsync(message, cancellationToken)));
        return await begun.Send;
    }

    /// <inheritdoc />
    public async ValueTask<MessagePage> HistoryAsync(
        long userId, long threadId, long? beforeId, long? afterId, int limit, CancellationToken cancellationToken)
    {
        RequireUserAndThread(userId, threadId);
        limit = StoreInput.PageSize(limit, "limit");
        if (beforeId is { } before)
            StoreInput.RequireId(before, "before");
        if (afterId is < 0 or > StoreLimits.Id)
            throw StoreInput.Invalid($"after must be a whole number from 0 to {StoreLimits.Id}");
        if (beforeId is not null && afterId is not null)
            throw StoreInput.Invalid("before and after cannot be used together");
        return await (await PluginAsync(cancellationToken)).HistoryAsync(userId, threadId, beforeId, afterId, limit, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<MessagePage> HistoryBeforeTimeAsync(
        long userId, long threadId, DateTimeOffset before, int limit, CancellationToken cancellationToken)
    {
        RequireUserAndThread(userId, threadId);
        limit = StoreInput.PageSize(limit, "limit");
        return await (await PluginAsync(cancellationToken)).HistoryBeforeTimeAsync(userId, threadId, before, limit, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<MarkedRead> MarkReadAsync(long userId, long threadId, IReadOnlyList<long>? messageIds, CancellationToken cancellationToken)
    {
        RequireUserAndThread(userId, threadId);
        RequireMessages(messageIds ?? []);
        return messageIds is { Count: 0 }
            ? new MarkedRead([], [])
            : await (await PluginAsync(cancellationToken)).MarkReadAsync(userId, threadId, messageIds, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<ChatMessage>> MarkDeliveredAsync(
        long userId, long threadId, IReadOnlyList<long> messageIds, CancellationToken cancellationToken)
    {
        RequireUserAndThread(userId, threadId);
        RequireMessages(messageIds);
        return messageIds.Count == 0
            ? []
            : await (await PluginAsync(cancellationToken)).MarkDeliveredAsync(userId, threadId, messageIds, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<ChatMessage> EditAsync(long userId, long threadId, long messageId, string content, CancellationToken cancellationToken)
    {
        RequireUserAndThread(userId, threadId);
        StoreInput.RequireId(messageId, "messageId");
        StoreInput.RequireContent(content);
        return await (await PluginAsync(cancellationToken)).EditAsync(userId, threadId, messageId, content, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<ChatMessage> DeleteAsync(long userId, long threadId, long messageId, CancellationToken cancellationToken)
    {
        RequireUserAndThread(userId, threadId);
        StoreInput.RequireId(messageId, "messageId");
        return await (await PluginAsync(cancellationToken)).DeleteAsync(userId, threadId, messageId, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<ChatMessage> ReactAsync(
        long userId, long threadId, long messageId, string emoji, bool remove, CancellationToken cancellationToken)
    {
        RequireUserAndThread(userId, threadId);
        StoreInput.RequireId(messageId, "messageId");
        StoreInput.RequireEmoji(emoji);
        return await (await PluginAsync(cancellationToken)).ReactAsync(userId, threadId, messageId, emoji, remove, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<ReadReceipt>> ReceiptsAsync(long userId, long messageId, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        StoreInput.RequireId(messageId, "messageId");
        return await (await PluginAsync(cancellationToken)).ReceiptsAsync(userId, messageId, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask CheckHealthAsync(CancellationToken cancellationToken)
    {
        if (_site.Problem is { } known)
            throw Degraded(known);
        if (_discovery.Problem is null && _site.SinceLastAnswer < HealthyAfterAnswer)
            return;
        await _discovery.RefreshAsync().WaitAsync(cancellationToken);
        if ((_site.Problem ?? _discovery.Problem) is { } found)
            throw Degraded(found);
    }

    private static ChatException Degraded(string problem) => new(ChatErrorCodes.Unavailable, problem);

    private static void RequireUserAndThread(long userId, long threadId)
    {
        StoreInput.RequireId(userId, "userId");
        StoreInput.RequireId(threadId, "threadId");
    }

    private static void RequireMessages(IReadOnlyCollection<long> messageIds) => StoreInput.RequireIds(messageIds, "messageIds", StoreLimits.IdsPerCall);

    private async ValueTask<ISitePlugin> PluginAsync(CancellationToken cancellationToken) =>
        (await _discovery.GetAsync(cancellationToken)).HasBatch && _site.HasKey ? _batchPlugin : _stockPlugin;

    // Not awaited where it is made: only its beginning is in order.
    private sealed record BegunSend(Task<StoredMessage> Send);
}
