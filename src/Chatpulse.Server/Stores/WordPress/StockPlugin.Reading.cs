using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.WordPress;

// Receipts, threads and people.
internal sealed partial class StockPlugin
{
    public async Task<MarkedRead> MarkReadAsync(long userId, long threadId, IReadOnlyList<long>? messageIds, CancellationToken cancellationToken)
    {
        var caller = Enter(userId, threadId);
        if (messageIds is not null)
            messageIds = await InThreadAsync(caller, userId, threadId, messageIds, cancellationToken);
        if (!HasLogins)
        {
            if (Interlocked.Exchange(ref _saidReceipts, 1) == 0)
                LogReceiptsNotStored();
            return await TellReadAsync(userId, messageIds?.Where(id => !_toldRead.TryGet((userId, id), out _)) ?? []);
        }

        if (messageIds is null)
        {
            // Which ones they were the site tells by its webhook only.
            await MarkAsync(caller, userId, threadId, messageId: null, cancellationToken);
            return new MarkedRead([], []);
        }

        if (messageIds.Count > MaxReceipts)
            throw new ChatException(ChatErrorCodes.TooLarge, $"messageIds may have at most {MaxReceipts} ids on this site, whose plugin takes one a call.");
        _seen.Read(messageIds);
        var marked = await Task.WhenAll(messageIds.Select(async id => (Id: id, IsNew: await MarkAsync(caller, userId, threadId, id, cancellationToken) > 0)));
        return await TellReadAsync(userId, marked.Where(message => message.IsNew).Select(message => message.Id));
    }

    public async Task<IReadOnlyList<ChatMessage>> MarkDeliveredAsync(
        long userId, long threadId, IReadOnlyList<long> messageIds, CancellationToken cancellationToken)
    {
        await CheckMembershipAsync(userId, threadId, cancellationToken);
        return [.. messageIds.Order().Select(id => _seen.Deliver(id, threadId, userId)).OfType<ChatMessage>()];
    }

    public Task<IReadOnlyList<ReadReceipt>> ReceiptsAsync(long userId, long messageId, CancellationToken cancellationToken) =>
        _routes.ReceiptsAsync(RequireLogin(userId, "show receipts"), messageId, cancellationToken);

    public Task<ThreadPage> ThreadsAsync(long userId, int page, int perPage, string? search, CancellationToken cancellationToken) =>
        _routes.ThreadsAsync(RequireLogin(userId, "list threads"), "threads", page, perPage, search, cancellationToken);

    public async Task<IReadOnlyCollection<long>> ContactsAsync(long userId, CancellationToken cancellationToken)
    {
        if (_contacts.TryGet(userId, out var known))
            return known;
        IReadOnlyCollection<long> contacts = _members.ToldContacts(userId);
        if (HasLogins)
        {
            // That somebody has gone is told when their login is no longer here to ask with.
            if (_sessions.Find(userId) is null)
                return _lastContacts.TryGet(userId, out var last) ? last : contacts;
            var found = new HashSet<long>();
            await foreach (var thread in AllThreadsAsync(userId, cancellationToken))
                found.UnionWith(thread.Participants.Select(participant => participant.Id));
            found.Remove(userId);
            contacts = [.. found.Take(StoreLimits.Contacts)];
        }

        _contacts.Set(userId, contacts);
        _lastContacts.Set(userId, contacts);
        return contacts;
    }

    public Task<CreatedThread> CreateThreadAsync(
        long userId, string type, string? title, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken) =>
        _routes.CreateThreadAsync(RequireLogin(userId, "make threads"), userId, type, title, participantIds, cancellationToken);

    public async Task<IReadOnlyList<ChatUser>> ParticipantsAsync(long userId, long threadId, CancellationToken cancellationToken)
    {
        RequireLogin(userId, "show who is in a thread");
        await foreach (var thread in AllThreadsAsync(userId, cancellationToken))
        {
            if (thread.Id == threadId)
                return thread.Participants;
        }

        throw new ChatException(ChatErrorCodes.Forbidden, "You are not a participant of this thread.");
    }

    private async IAsyncEnumerable<ChatThread> AllThreadsAsync(long userId, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var count = 0;
        for (var page = 1; page <= MaxThreadPages; page++)
        {
            var threads = await _routes.ThreadsAsync(Own(userId), "threads", page, SiteRoutes.PageSize, search: null, cancellationToken);
            foreach (var thread in threads.Threads)
                yield return thread;
            count += threads.Threads.Count;
            if (threads.Threads.Count == 0 || count >= threads.Total)
                yield break;
        }
    }

    private async Task<int> MarkAsync(SiteCaller caller, long userId, long threadId, long? messageId, CancellationToken cancellationToken)
    {
        var call = SiteCall.WithJson(HttpMethod.Post, $"{_routes.Namespace}/threads/{threadId}/read", caller, new StockRead(messageId), SiteJson.Default.StockRead)
            with { Repeatable = true };
        return (await _routes.CallAsync(call, SiteJson.Default.SiteMarked, (userId, threadId), cancellationToken)).Body.MarkedCount;
    }

    // The site marks a message of any thread through any other, so what is not known to be in this one is refused here. Own messages are passed over.
    private async Task<IReadOnlyList<long>> InThreadAsync(
        SiteCaller caller, long userId, long threadId, IReadOnlyList<long> messageIds, CancellationToken cancellationToken)
    {
        if (messageIds.Any(id => !_seen.TryGet(id, out _, out _, out _)))
            await _history.BeforeAsync(caller, userId, threadId, beforeId: null, SiteRoutes.PageSize, cancellationToken);
        var ids = new SortedSet<long>();
        foreach (var id in messageIds)
        {
            if (!_seen.TryGet(id, out var message, out _, out _) || message.ThreadId != threadId)
                throw new ChatException(ChatErrorCodes.NotFound, $"Message {id} is not in thread {threadId}.");
            if (message.SenderId != userId)
                ids.Add(id);
        }

        return [.. ids];
    }

    private async Task<MarkedRead> TellReadAsync(long userId, IEnumerable<long> messageIds)
    {
        long[] ids = [.. messageIds];
        if (ids.Length == 0)
            return new MarkedRead([], []);
        ChatUser? reader = null;
        try
        {
            reader = await _users.FindAsync(userId, CancellationToken.None);
        }
        catch (ChatException)
        {
            // Only the name is missing.
        }

        var now = _timeProvider.GetUtcNow();
        foreach (var id in ids)
            _toldRead.Set((userId, id), true);
        var name = reader?.DisplayName ?? SiteMapping.Name(userId, name: null);
        return new MarkedRead([.. ids.Select(id => new ReadReceipt(id, userId, name, reader?.Email ?? "", now))], []);
    }
}
