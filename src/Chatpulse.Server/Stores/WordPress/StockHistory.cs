using System.Globalization;
using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// Pages by id through a site that pages by time only, to the second: pages overlap by a second and what was seen is dropped, so that nothing is lost between
/// messages that share one. Messages after an id are found by going back from the newest.
/// </summary>
/// <remarks>Threading: anyone calls; every call walks for itself. What a walk found and nobody has asked for yet is kept for half a minute.</remarks>
internal sealed partial class StockHistory(SiteRoutes routes, SeenMessages seen, TimeProvider timeProvider, ILogger logger)
{
    /// <summary>Pages of 100 that one call goes back at most.</summary>
    public const int MaxPages = 20;

    private static readonly TimeSpan WalkLifetime = TimeSpan.FromSeconds(30);
    private const int MaxWalkCharacters = 16 * 1024 * 1024;
    private const int MessageCharacters = 256;

    private readonly ExpiringCache<(long User, long Thread, long After), IReadOnlyList<ChatMessage>> _walks =
        new(timeProvider, WalkLifetime, MaxWalkCharacters, messages => messages.Sum(message => message.Content.Length + MessageCharacters));

    /// <summary>The newest messages before an id, or of all.</summary>
    public async Task<MessagePage> BeforeAsync(SiteCaller caller, long userId, long threadId, long? beforeId, int limit, CancellationToken cancellationToken)
    {
        string? from = null;
        if (beforeId is { } id && seen.TryGet(id, out _, out var siteTime, out _))
            from = SiteClock.NextSecond(siteTime);
        return await LastAsync(caller, userId, threadId, from, message => beforeId is null || message.Id < beforeId, limit, cancellationToken);
    }

    /// <summary>The newest messages before a time.</summary>
    public Task<MessagePage> BeforeTimeAsync(
        SiteCaller caller, long userId, long threadId, DateTimeOffset before, int limit, CancellationToken cancellationToken) =>
        LastAsync(caller, userId, threadId, routes.Clock.Write(before), _ => true, limit, cancellationToken);

    /// <summary>The first messages after an id. <c>too_large</c> when there are more than <see cref="MaxPages"/> pages of them.</summary>
    public async Task<MessagePage> AfterAsync(SiteCaller caller, long userId, long threadId, long afterId, int limit, CancellationToken cancellationToken)
    {
        if (!_walks.TryGet((userId, threadId, afterId), out var after))
        {
            var walk = await WalkAsync(
                caller, userId, threadId, from: null, complete => complete.Any(message => message.Id <= afterId), cancellationToken);
            if (!walk.IsDone)
            {
                throw new ChatException(
                    ChatErrorCodes.TooLarge,
                    string.Create(CultureInfo.InvariantCulture, $"More than {MaxPages * SiteRoutes.PageSize} messages came after {afterId}, and this site's plugin cannot page forward: join without lastMessageId and page back."));
            }

            after = [.. walk.Messages.Where(message => message.Id > afterId)];
        }

        if (after.Count <= limit)
            return new MessagePage(after, HasMore: false);
        var page = after.Take(limit).ToArray();
        _walks.Set((userId, threadId, page[^1].Id), [.. after.Skip(limit)]);
        return new MessagePage(page, HasMore: true);
    }

    private async Task<MessagePage> LastAsync(
        SiteCaller caller, long userId, long threadId, string? from, Func<ChatMessage, bool> counts, int limit, CancellationToken cancellationToken)
    {
        limit = Math.Min(limit, SiteRoutes.PageSize);
        var walk = await WalkAsync(caller, userId, threadId, from, complete => complete.Count(counts) >= limit, cancellationToken);
        if (!walk.IsDone)
        {
            throw new ChatException(
                ChatErrorCodes.TooLarge,
                string.Create(CultureInfo.InvariantCulture, $"The message is more than {MaxPages * SiteRoutes.PageSize} messages back, and this site's plugin cannot page by id: page back from the newest."));
        }

        var found = walk.Messages.Where(counts).ToArray();
        return new MessagePage(found[^Math.Min(limit, found.Length)..], walk.HasMore || found.Length > limit);
    }

    /// <summary>Goes back page by page until what is complete is enough, or there is no more. The messages come in the order of their ids.</summary>
    private async Task<(IReadOnlyList<ChatMessage> Messages, bool HasMore, bool IsDone)> WalkAsync(
        SiteCaller caller, long userId, long threadId, string? from, Func<IReadOnlyCollection<ChatMessage>, bool> isEnough, CancellationToken cancellationToken)
    {
        var found = new SortedDictionary<long, (ChatMessage Message, string SiteTime)>();
        for (var pages = 1; pages <= MaxPages; pages++)
        {
            var before = from is null ? "" : $"&before={Uri.EscapeDataString(from)}";
            var page = await routes.MessagesAsync(caller, userId, threadId, $"limit={SiteRoutes.PageSize}{before}", cancellationToken);
            var messages = page.Messages ?? [];
            string? oldest = null;
            foreach (var message in messages)
            {
                var mapped = SiteMapping.ToMessage(message, routes.Clock);
                var siteTime = message.CreatedAt ?? "";
                seen.Add(mapped, siteTime);
                found[message.Id] = (mapped, siteTime);
                if (oldest is null || string.CompareOrdinal(siteTime, oldest) < 0)
                    oldest = siteTime;
            }

            if (!page.HasMore || oldest is null)
                return ([.. found.Values.Select(value => value.Message)], HasMore: false, IsDone: true);

            // The page may end in the middle of its oldest second, and of that second's messages any may be missing.
            var complete = found.Values.Where(value => string.CompareOrdinal(value.SiteTime, oldest) > 0).Select(value => value.Message).ToArray();
            if (isEnough(complete))
                return (complete, HasMore: true, IsDone: true);

            var next = SiteClock.NextSecond(oldest);
            if (next is null || string.Equals(next, from, StringComparison.Ordinal))
            {
                // More than a page in one second: the rest of that second cannot be had.
                LogSkipped(threadId, oldest);
                next = oldest;
            }

            from = next;
        }

        return ([], HasMore: true, IsDone: false);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Thread {ThreadId} has more than 100 messages at {SiteTime}; the site's plugin cannot show all of them")]
    private partial void LogSkipped(long threadId, string siteTime);
}
