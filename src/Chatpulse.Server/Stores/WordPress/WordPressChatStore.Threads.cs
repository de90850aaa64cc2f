using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.WordPress;

// Threads, people and files.
internal sealed partial class WordPressChatStore
{
    /// <inheritdoc />
    public async ValueTask<ThreadPage> ThreadsAsync(long userId, int page, int perPage, string? search, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        if (page < 1)
            throw StoreInput.Invalid("page must be at least 1");
        perPage = StoreInput.PageSize(perPage, "perPage");
        StoreInput.RequireText(search ?? "", "search", StoreLimits.SearchLength);
        return await (await PluginAsync(cancellationToken)).ThreadsAsync(userId, page, perPage, search, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<IReadOnlyCollection<long>> ContactsAsync(long userId, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        return await (await PluginAsync(cancellationToken)).ContactsAsync(userId, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<CreatedThread> CreateThreadAsync(
        long userId, string type, string? title, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        StoreInput.RequireText(title ?? "", "title", StoreLimits.TitleLength);
        StoreInput.RequireIds(participantIds, "participants", StoreLimits.Participants);
        if (type is not (ThreadTypes.Private or ThreadTypes.Group))
            throw StoreInput.Invalid($"type must be {ThreadTypes.Private} or {ThreadTypes.Group}");
        var others = participantIds.Where(id => id != userId).Distinct().Count();
        if (type is ThreadTypes.Private && others != 1)
            throw StoreInput.Invalid("a private thread has exactly one other participant");
        var made = await (await PluginAsync(cancellationToken)).CreateThreadAsync(userId, type, title, participantIds, cancellationToken);
        // They have new contacts, and what was known of the thread's number is about no thread.
        if (made.Created)
            ParticipantsChanged(made.Thread.Id, [.. made.Thread.Participants.Select(participant => participant.Id)], []);
        return made;
    }

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<ChatUser>> ParticipantsAsync(long userId, long threadId, CancellationToken cancellationToken)
    {
        RequireUserAndThread(userId, threadId);
        return await (await PluginAsync(cancellationToken)).ParticipantsAsync(userId, threadId, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<ChatThread> AddParticipantsAsync(
        long userId, long threadId, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken)
    {
        RequireUserAndThread(userId, threadId);
        StoreInput.RequireIds(participantIds, "participants", StoreLimits.Participants);
        var thread = await (await PluginAsync(cancellationToken)).AddParticipantsAsync(userId, threadId, participantIds, cancellationToken);
        ParticipantsChanged(threadId, participantIds, []);
        return thread;
    }

    /// <inheritdoc />
    public async ValueTask RemoveParticipantAsync(long userId, long threadId, long participantId, CancellationToken cancellationToken)
    {
        RequireUserAndThread(userId, threadId);
        StoreInput.RequireId(participantId, "participantId");
        await (await PluginAsync(cancellationToken)).RemoveParticipantAsync(userId, threadId, participantId, cancellationToken);
        ParticipantsChanged(threadId, [], [participantId]);
    }

    /// <inheritdoc />
    public void ParticipantsChanged(long threadId, IReadOnlyCollection<long> added, IReadOnlyCollection<long> removed)
    {
        _members.Changed(threadId, added, removed);
        _batchPlugin.ParticipantsChanged(threadId, added.Concat(removed));
        _stockPlugin.ParticipantsChanged(threadId, added.Concat(removed));
    }

    /// <inheritdoc />
    public void SignedOut(long userId)
    {
        _members.Forget(userId);
        _users.Forget(userId);
    }

    /// <summary>A webhook has brought a stored message: it may be one that is being sent just now and gets no answer. Returns at once.</summary>
    public void StoredElsewhere(ChatMessage message) => _stockPlugin.StoredElsewhere(message);

    /// <summary>Reads a time as the site writes it, in the site's time zone.</summary>
    public bool TryReadTime(string text, out DateTimeOffset time) => _discovery.Clock.TryRead(text, out time);

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<ChatUser>> UsersAsync(UserQuery query, CancellationToken cancellationToken)
    {
        var perPage = StoreInput.PageSize(query.PerPage, "perPage");
        StoreInput.RequireText(query.Search ?? "", "search", StoreLimits.SearchLength);
        StoreInput.RequireIds(query.Include, "include", StoreLimits.IdsPerCall);
        StoreInput.RequireIds(query.Exclude, "exclude", StoreLimits.IdsPerCall);
        return await _users.SearchAsync(query, perPage, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<ChatUser?> FindUserAsync(long userId, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        return await _users.FindAsync(userId, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<ChatAttachment> AddAttachmentAsync(
        long userId, string filename, string mimeType, Stream content, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        StoreInput.RequireText(mimeType, "mimeType", StoreLimits.FilenameLength);
        var name = StoreInput.Filename(filename);
        return await (await PluginAsync(cancellationToken)).AddAttachmentAsync(userId, name, mimeType, content, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<AttachmentContent> OpenAttachmentAsync(long userId, long attachmentId, CancellationToken cancellationToken)
    {
        StoreInput.RequireId(userId, "userId");
        StoreInput.RequireId(attachmentId, "attachmentId");
        return await (await PluginAsync(cancellationToken)).OpenAttachmentAsync(userId, attachmentId, cancellationToken);
    }

    /// <summary>The site deletes them itself.</summary>
    public ValueTask<int> DeleteUnusedAttachmentsAsync(CancellationToken cancellationToken) => new(0);
}
