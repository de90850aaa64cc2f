using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>How calls to the site and its answers are written. PHP writes a number as text now and then, so both are read.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SiteError))]
[JsonSerializable(typeof(SiteIndex))]
[JsonSerializable(typeof(SiteNamespace))]
[JsonSerializable(typeof(SiteHistory))]
[JsonSerializable(typeof(SiteMessageAnswer))]
[JsonSerializable(typeof(SiteRead))]
[JsonSerializable(typeof(SiteDelivered))]
[JsonSerializable(typeof(SiteReceipts))]
[JsonSerializable(typeof(SiteMarked))]
[JsonSerializable(typeof(SiteThreads))]
[JsonSerializable(typeof(SiteThreadAnswer))]
[JsonSerializable(typeof(SiteParticipants))]
[JsonSerializable(typeof(SiteContacts))]
[JsonSerializable(typeof(List<SiteUser>))]
[JsonSerializable(typeof(SiteUpload))]
[JsonSerializable(typeof(BatchRequest))]
[JsonSerializable(typeof(BatchAnswer))]
[JsonSerializable(typeof(StockSend))]
[JsonSerializable(typeof(StockRead))]
[JsonSerializable(typeof(NewThread))]
[JsonSerializable(typeof(NewParticipants))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class SiteJson : JsonSerializerContext;

/// <summary>WordPress's form of an error.</summary>
internal sealed record SiteError(string? Code, string? Message, JsonElement Data)
{
    // The plugin's own field; stock sites have none.
    [JsonIgnore]
    public TimeSpan? RetryAfter =>
        Data is { ValueKind: JsonValueKind.Object } && Data.TryGetProperty("retry_after", out var seconds)
        && seconds.ValueKind == JsonValueKind.Number && seconds.TryGetDouble(out var value) && value is >= 0 and <= 86_400
            ? TimeSpan.FromSeconds(value)
            : null;
}

/// <summary>Of <c>GET {WP_BASE_URL}</c>, what is asked for; the offset is a number, or the same as text.</summary>
internal sealed record SiteIndex(JsonElement GmtOffset, string? TimezoneString);

/// <summary>Of <c>GET {WP_BASE_URL}/{namespace}</c>, the routes.</summary>
internal sealed record SiteNamespace(Dictionary<string, JsonElement>? Routes);

/// <summary>A page of messages.</summary>
internal sealed record SiteHistory(List<SiteMessage>? Messages, bool HasMore);

/// <summary>An answer with one message.</summary>
internal sealed record SiteMessageAnswer(SiteMessage? Message, bool AlreadyStored);

/// <summary>A message.</summary>
internal sealed record SiteMessage
{
    public long Id { get; init; }

    public long ThreadId { get; init; }

    public long SenderId { get; init; }

    public string? SenderName { get; init; }

    public string? SenderEmail { get; init; }

    public string? Content { get; init; }

    public string? ContentType { get; init; }

    public string? Status { get; init; }

    public string? CreatedAt { get; init; }

    public string? CreatedAtGmt { get; init; }

    public string? UpdatedAt { get; init; }

    public string? UpdatedAtGmt { get; init; }

    public string? EditedAtGmt { get; init; }

    public string? DeletedAtGmt { get; init; }

    public string? ClientId { get; init; }

    public List<SiteAttachment>? Attachments { get; init; }

    public List<SiteReaction>? Reactions { get; init; }
}

/// <summary>A file of a message.</summary>
internal sealed record SiteAttachment(long Id, string? Filename, string? Url, string? MimeType, long Size, string? CreatedAt, string? CreatedAtGmt);

/// <summary>A reaction.</summary>
internal sealed record SiteReaction(string? Emoji, List<long>? UserIds);

/// <summary>What a batch's <c>read</c> changed.</summary>
internal sealed record SiteRead(List<SiteReadReceipt>? Receipts, List<SiteMessage>? ReadByAll);

/// <summary>One new receipt.</summary>
internal sealed record SiteReadReceipt(long MessageId, string? ReadAt, string? ReadAtGmt);

/// <summary>What a batch's <c>deliver</c> changed.</summary>
internal sealed record SiteDelivered(List<SiteMessage>? Messages);

/// <summary>Who has read a message.</summary>
internal sealed record SiteReceipts(List<SiteReceipt>? ReadReceipts);

/// <summary>One who has; without a time the message is only delivered.</summary>
internal sealed record SiteReceipt(long UserId, string? UserName, string? UserEmail, string? ReadAt, string? ReadAtGmt);

/// <summary>How many messages were marked.</summary>
internal sealed record SiteMarked(int MarkedCount);

/// <summary>A page of threads.</summary>
internal sealed record SiteThreads(List<SiteThread>? Threads, SitePagination? Pagination);

/// <summary>Where in the list the page is.</summary>
internal sealed record SitePagination(int Total, int TotalPages);

/// <summary>An answer with one thread.</summary>
internal sealed record SiteThreadAnswer(SiteThread? Thread);

/// <summary>A thread.</summary>
internal sealed record SiteThread
{
    public long Id { get; init; }

    public string? Type { get; init; }

    public string? Title { get; init; }

    public long CreatedBy { get; init; }

    public string? CreatedByName { get; init; }

    public string? CreatedByEmail { get; init; }

    public string? CreatedAt { get; init; }

    public string? CreatedAtGmt { get; init; }

    public string? UpdatedAt { get; init; }

    public string? UpdatedAtGmt { get; init; }

    public List<SiteParticipant>? Participants { get; init; }

    public SiteLastMessage? LastMessage { get; init; }

    public int UnreadCount { get; init; }
}

/// <summary>A thread's newest message; empty fields where it has none. A stock site has no id in it.</summary>
internal sealed record SiteLastMessage
{
    public long? Id { get; init; }

    public string? Content { get; init; }

    public string? ContentType { get; init; }

    public string? Status { get; init; }

    public string? CreatedAt { get; init; }

    public string? CreatedAtGmt { get; init; }

    public long? SenderId { get; init; }

    public string? SenderName { get; init; }

    public List<SiteAttachment>? Attachments { get; init; }
}

/// <summary>A participant.</summary>
internal sealed record SiteParticipant(long UserId, string? DisplayName, string? Email);

/// <summary>Who is in a thread.</summary>
internal sealed record SiteParticipants(List<SiteParticipant>? Participants);

/// <summary>Who shares a thread with a user.</summary>
internal sealed record SiteContacts(List<long>? UserIds);

/// <summary>A user.</summary>
internal sealed record SiteUser(long Id, string? Name);

/// <summary>A file that was uploaded.</summary>
internal sealed record SiteUpload(long AttachmentId, string? Url, string? Filename, long Size, string? MimeType, string? CreatedAt, string? CreatedAtGmt);

/// <summary>A batch.</summary>
internal sealed record BatchRequest(IReadOnlyList<SiteOperation> Operations);

/// <summary>One thing to do in a batch; which fields are there depends on <see cref="Op"/>.</summary>
internal sealed record SiteOperation(string Op, long User, long ThreadId)
{
    public string? ClientId { get; init; }

    public string? Content { get; init; }

    public string? ContentType { get; init; }

    public IReadOnlyList<long>? AttachmentIds { get; init; }

    public IReadOnlyList<long>? MessageIds { get; init; }

    public long? MessageId { get; init; }

    public string? Emoji { get; init; }

    public bool? Remove { get; init; }
}

/// <summary>What became of a batch, an entry an operation.</summary>
internal sealed record BatchAnswer(List<BatchResult>? Results);

/// <summary>What became of one operation.</summary>
internal sealed record BatchResult(int Status, JsonElement Body)
{
    /// <summary>Whether the batch was given to the site more than once, so that what it calls done already may have been done just now.</summary>
    [JsonIgnore]
    public bool Repeated { get; init; }
}

/// <summary>A message to a stock site; <paramref name="SenderId"/> only with the key.</summary>
internal sealed record StockSend(string Content, string ContentType, IReadOnlyList<long> AttachmentIds, long? SenderId);

/// <summary>A receipt to a stock site; without an id all are meant.</summary>
internal sealed record StockRead(long? MessageId);

/// <summary>A thread to be made.</summary>
internal sealed record NewThread(string Type, string? Title, IReadOnlyList<long> Participants);

/// <summary>People to be taken into a thread.</summary>
internal sealed record NewParticipants(IReadOnlyList<long> UserIds);
