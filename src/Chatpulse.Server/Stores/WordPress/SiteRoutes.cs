using System.Text.Json.Serialization.Metadata;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Identity;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>The routes that every version of the plugin has, whoever calls them; refusals come as <see cref="ChatException"/>s, and are remembered.</summary>
internal sealed class SiteRoutes(
    WordPressSite site, SiteDiscovery discovery, ThreadMembers members, WordPressSessions sessions, ServerSettings settings)
{
    /// <summary>Messages and threads in one answer, at most.</summary>
    public const int PageSize = 100;

    public string Namespace => settings.ApiNamespace;

    public SiteClock Clock => discovery.Clock;

    /// <summary>Makes a call; a refusal of <paramref name="access"/>, a user and a thread, is remembered.</summary>
    public async Task<SiteAnswer<T>> CallAsync<T>(SiteCall call, JsonTypeInfo<T> type, (long User, long Thread)? access, CancellationToken cancellationToken)
    {
        try
        {
            return await site.CallAsync(call, type, cancellationToken);
        }
        catch (SiteErrorException error)
        {
            var refusal = Refusal(error, !call.Caller.UsesKey, access);
            if (refusal.Code is ChatErrorCodes.Unauthenticated && call.Caller.Credentials is { } credentials)
                sessions.Refuse(credentials);
            throw refusal;
        }
    }

    /// <summary>What an error of the site is to the one who asked.</summary>
    public ChatException Refusal(SiteErrorException error, bool ownCredentials, (long User, long Thread)? access)
    {
        if (error.Code is "rest_no_route")
            discovery.Invalidate();
        var refusal = SiteErrors.ToChat(error, ownCredentials);
        if (access is { } refused && refusal.Code is ChatErrorCodes.Forbidden or ChatErrorCodes.Unauthenticated)
            members.Refused(access.Value.User, access.Value.Thread);
        return refusal;
    }

    /// <summary>A page of a thread's messages, in whatever order the site has them.</summary>
    public async Task<SiteHistory> MessagesAsync(SiteCaller caller, long userId, long threadId, string query, CancellationToken cancellationToken, TimeSpan? deadline = null)
    {
        var call = new SiteCall(HttpMethod.Get, $"{Namespace}/threads/{threadId}/messages?{query}", caller) { MaxAnswerBytes = SiteCall.MessagesAnswer, Deadline = deadline };
        var page = (await CallAsync(call, SiteJson.Default.SiteHistory, (userId, threadId), cancellationToken)).Body;
        // A site with the wrong rows would put them into the wrong room.
        page.Messages?.RemoveAll(message => message.Id < 1 || message.ThreadId != threadId);
        return page;
    }

    public async Task<IReadOnlyList<ReadReceipt>> ReceiptsAsync(SiteCaller caller, long messageId, CancellationToken cancellationToken)
    {
        var call = new SiteCall(HttpMethod.Get, $"{Namespace}/messages/{messageId}/receipts", caller);
        var answer = (await CallAsync(call, SiteJson.Default.SiteReceipts, access: null, cancellationToken)).Body;
        return
        [
            .. (answer.ReadReceipts ?? []).Select(receipt =>
                (Receipt: receipt, ReadAt: SiteMapping.OptionalTime(receipt.ReadAtGmt, receipt.ReadAt, Clock)))
                .Where(read => read.ReadAt is not null)
                .Select(read => new ReadReceipt(
                    messageId,
                    read.Receipt.UserId,
                    SiteMapping.Name(read.Receipt.UserId, read.Receipt.UserName),
                    read.Receipt.UserEmail ?? "",
                    read.ReadAt!.Value)),
        ];
    }

    /// <summary>A page of threads; <paramref name="route"/> says whose.</summary>
    public async Task<ThreadPage> ThreadsAsync(SiteCaller caller, string route, int page, int perPage, string? search, CancellationToken cancellationToken)
    {
        var text = string.IsNullOrWhiteSpace(search) ? "" : $"&search={Uri.EscapeDataString(search.Trim())}";
        var call = new SiteCall(HttpMethod.Get, $"{Namespace}/{route}?page={page}&per_page={Math.Min(perPage, PageSize)}{text}", caller)
        {
            MaxAnswerBytes = SiteCall.MessagesAnswer,
        };
        var answer = (await CallAsync(call, SiteJson.Default.SiteThreads, access: null, cancellationToken)).Body;
        var threads = (answer.Threads ?? []).ConvertAll(thread => SiteMapping.ToThread(thread, Clock));
        return new ThreadPage(threads, answer.Pagination?.Total ?? threads.Count);
    }

    /// <summary>Makes a thread of the caller and others.</summary>
    public async Task<CreatedThread> CreateThreadAsync(
        SiteCaller caller, long userId, string type, string? title, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken)
    {
        // The others first: plugins of earlier versions look for the private thread that is there with the first of the list only. And the caller besides, since
        // they count two people in it.
        long[] participants = [.. participantIds.Distinct().Where(id => id != userId), userId];
        var body = new NewThread(type, title, participants);
        var call = SiteCall.WithJson(HttpMethod.Post, $"{Namespace}/threads", caller, body, SiteJson.Default.NewThread);
        var answer = await CallAsync(call, SiteJson.Default.SiteThreadAnswer, access: null, cancellationToken);
        return new CreatedThread(ToThread(answer.Body), answer.Status == StatusCodes.Status201Created);
    }

    public ChatThread ToThread(SiteThreadAnswer answer) => answer.Thread is { Id: > 0 } thread
        ? SiteMapping.ToThread(thread, Clock)
        : throw WordPressSite.Unavailable(new SiteFailureException("the answer has no thread", mayBeDone: true, passing: false));
}
