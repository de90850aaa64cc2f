using System.Net.Http.Headers;
using System.Text;
using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.WordPress;

// Threads, who is in them, and files.
internal sealed partial class BatchPlugin
{
    public Task<ThreadPage> ThreadsAsync(long userId, int page, int perPage, string? search, CancellationToken cancellationToken) =>
        routes.ThreadsAsync(SiteCaller.OnBehalfOf(userId), $"users/{userId}/threads", page, perPage, search, cancellationToken);

    public async Task<IReadOnlyCollection<long>> ContactsAsync(long userId, CancellationToken cancellationToken)
    {
        if (_contacts.TryGet(userId, out var known))
            return known;
        try
        {
            var call = new SiteCall(HttpMethod.Get, $"{routes.Namespace}/users/{userId}/contacts", SiteCaller.Server);
            var answer = (await routes.CallAsync(call, SiteJson.Default.SiteContacts, access: null, cancellationToken)).Body;
            IReadOnlyCollection<long> contacts = [.. (answer.UserIds ?? []).Where(id => id != userId).Take(StoreLimits.Contacts)];
            _contacts.Set(userId, contacts);
            return contacts;
        }
        catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.NotFound)
        {
            return [];
        }
    }

    public Task<CreatedThread> CreateThreadAsync(
        long userId, string type, string? title, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken) =>
        routes.CreateThreadAsync(SiteCaller.OnBehalfOf(userId), userId, type, title, participantIds, cancellationToken);

    public async Task<IReadOnlyList<ChatUser>> ParticipantsAsync(long userId, long threadId, CancellationToken cancellationToken)
    {
        var participants = await LoadParticipantsAsync(threadId).WaitAsync(cancellationToken);
        return participants.Any(participant => participant.Id == userId) ? participants : throw NotAParticipant();
    }

    public async Task<ChatThread> AddParticipantsAsync(
        long userId, long threadId, IReadOnlyCollection<long> participantIds, CancellationToken cancellationToken)
    {
        var body = new NewParticipants([.. participantIds]);
        var call = SiteCall.WithJson(
            HttpMethod.Post, $"{routes.Namespace}/threads/{threadId}/participants", SiteCaller.OnBehalfOf(userId), body, SiteJson.Default.NewParticipants)
            with { Repeatable = true };
        return routes.ToThread((await routes.CallAsync(call, SiteJson.Default.SiteThreadAnswer, access: null, cancellationToken)).Body);
    }

    public async Task RemoveParticipantAsync(long userId, long threadId, long participantId, CancellationToken cancellationToken)
    {
        var call = new SiteCall(HttpMethod.Delete, $"{routes.Namespace}/threads/{threadId}/participants/{participantId}", SiteCaller.OnBehalfOf(userId));
        await routes.CallAsync(call, SiteJson.Default.JsonElement, access: null, cancellationToken);
    }

    public async Task<ChatAttachment> AddAttachmentAsync(
        long userId, string filename, string mimeType, Stream content, CancellationToken cancellationToken)
    {
        var call = new SiteCall(HttpMethod.Post, $"{routes.Namespace}/attachments", SiteCaller.OnBehalfOf(userId))
        {
            Content = () =>
            {
                var file = new UploadContent(content);
                file.Headers.ContentType = MediaTypeHeaderValue.TryParse(mimeType, out var type) ? type : null;
                // As browsers send it, which is all that PHP reads: the framework would write a name with an umlaut as mail does.
                file.Headers.TryAddWithoutValidation(
                    "Content-Disposition", $"form-data; name=\"file\"; filename=\"{filename.Replace("\"", "%22", StringComparison.Ordinal)}\"");
                var body = new MultipartFormDataContent { HeaderEncodingSelector = static (_, _) => Encoding.UTF8 };
                body.Add(file);
                return body;
            },
        };
        var upload = (await routes.CallAsync(call, SiteJson.Default.SiteUpload, access: null, cancellationToken)).Body;
        return new ChatAttachment
        {
            Id = upload.AttachmentId,
            Filename = upload.Filename ?? filename,
            Url = upload.Url ?? "",
            MimeType = upload.MimeType ?? mimeType,
            Size = upload.Size,
            CreatedAt = SiteMapping.OptionalTime(upload.CreatedAtGmt, upload.CreatedAt, routes.Clock) ?? timeProvider.GetUtcNow(),
        };
    }

    public async Task<AttachmentContent> OpenAttachmentAsync(long userId, long attachmentId, CancellationToken cancellationToken)
    {
        var path = $"{routes.Namespace}/attachments/{attachmentId}";
        try
        {
            var download = await site.DownloadAsync(new SiteCall(HttpMethod.Get, path, SiteCaller.OnBehalfOf(userId)), cancellationToken);
            var headers = download.Response.Content.Headers;
            var attachment = new ChatAttachment
            {
                Id = attachmentId,
                Filename = headers.ContentDisposition is { } disposition
                    ? disposition.FileNameStar ?? disposition.FileName?.Trim('"') ?? "attachment"
                    : "attachment",
                Url = path,
                MimeType = headers.ContentType?.MediaType ?? "application/octet-stream",
                Size = headers.ContentLength ?? 0,
                CreatedAt = headers.LastModified ?? timeProvider.GetUtcNow(),
            };
            return new AttachmentContent(attachment, new DownloadStream(download));
        }
        catch (SiteErrorException error)
        {
            // Whether it is there is nobody's business who may not see it.
            var refusal = routes.Refusal(error, ownCredentials: false, access: null);
            throw refusal.Code is ChatErrorCodes.Forbidden
                ? new ChatException(ChatErrorCodes.NotFound, "No such attachment.", error)
                : refusal;
        }
    }

    /// <summary>
    /// Asks the site who is in a thread; those who ask at the same time share the call. An answer that a change has overtaken is asked for again.
    /// </summary>
    private Task<IReadOnlyList<ChatUser>> LoadParticipantsAsync(long threadId)
    {
        lock (_lock)
        {
            if (_asked.TryGetValue(threadId, out var asked) && !asked.IsCompleted)
                return asked;
            var load = LoadAsync(threadId);
            _asked[threadId] = load;
            _ = ForgetAsync(threadId, load);
            return load;
        }
    }

    private async Task ForgetAsync(long threadId, Task<IReadOnlyList<ChatUser>> load)
    {
        await ((Task)load).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            if (_asked.TryGetValue(threadId, out var asked) && ReferenceEquals(asked, load))
                _asked.Remove(threadId);
        }
    }

    private async Task<IReadOnlyList<ChatUser>> LoadAsync(long threadId)
    {
        // Not inside the lock of the one who asks.
        await Task.Yield();
        for (var load = 1; ; load++)
        {
            var changes = members.Changes(threadId);
            var call = new SiteCall(HttpMethod.Get, $"{routes.Namespace}/threads/{threadId}/participants", SiteCaller.Server);
            SiteParticipants answer;
            try
            {
                answer = (await routes.CallAsync(call, SiteJson.Default.SiteParticipants, access: null, CancellationToken.None)).Body;
            }
            catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.NotFound)
            {
                throw new ChatException(ChatErrorCodes.NotFound, $"There is no thread {threadId}.", refusal);
            }

            var participants = (answer.Participants ?? []).ConvertAll(SiteMapping.ToUser);
            if (changes != members.Changes(threadId) && load < MaxParticipantsLoads)
                continue;
            foreach (var participant in participants)
                members.Add(participant.Id, threadId, changes);
            return participants;
        }
    }
}
