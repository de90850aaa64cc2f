using System.Globalization;
using System.Text.Json;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Rest;

namespace Chatpulse.Server.Webhooks;

/// <summary>The fields of a webhook's body, read as WordPress sends them: ids as numbers or digits, lists as arrays or objects.</summary>
internal readonly struct WebhookBody(JsonElement body)
{
    private const int MaxIds = 1000;

    /// <summary>An object.</summary>
    /// <exception cref="WebhookException">It is missing, or none.</exception>
    public JsonElement Object(string name) => Field(name) is { ValueKind: JsonValueKind.Object } value ? value : throw Wrong(name, "must be an object");

    /// <summary>A positive id.</summary>
    /// <exception cref="WebhookException">It is missing, or none.</exception>
    public long Id(string name) => ChatIds.TryRead(Field(name), out var id) ? id : throw Wrong(name, ChatIds.Rule);

    /// <summary>1 to 1,000 ids, each once: PHP makes an object of an array that has gaps.</summary>
    /// <exception cref="WebhookException">They are missing, or not that.</exception>
    public IReadOnlyList<long> Ids(string name)
    {
        var value = Field(name);
        IEnumerable<JsonElement> elements = value.ValueKind switch
        {
            JsonValueKind.Array => value.EnumerateArray(),
            JsonValueKind.Object => value.EnumerateObject().Select(member => member.Value),
            _ => throw Wrong(name, "must be an array of ids"),
        };

        var ids = new HashSet<long>();
        foreach (var element in elements)
        {
            if (!ChatIds.TryRead(element, out var id))
                throw Wrong(name, "must have positive integers only");
            if (ids.Add(id) && ids.Count > MaxIds)
                throw Wrong(name, string.Create(CultureInfo.InvariantCulture, $"must be at most {MaxIds} ids"));
        }

        return ids.Count > 0 ? [.. ids] : throw Wrong(name, "must not be empty");
    }

    /// <summary>
    /// The message of a <c>message_sent</c> webhook. What only describes it may be missing, as older plugins leave fields out; a time
    /// that cannot be read is <paramref name="now"/>.
    /// </summary>
    /// <exception cref="WebhookException">It has no id or content, or says another thread or sender than the webhook around it.</exception>
    public static ChatMessage Message(JsonElement message, long threadId, long senderId, DateTimeOffset now)
    {
        if (!message.TryGetProperty("id", out var idValue) || !ChatIds.TryRead(idValue, out var id))
            throw new WebhookException("message.id is missing or not a positive integer.");
        if (!message.TryGetProperty("content", out var content) || content.ValueKind != JsonValueKind.String)
            throw new WebhookException("message.content is missing or not a string.");
        if (message.TryGetProperty("thread_id", out var thread) && !(ChatIds.TryRead(thread, out var itsThread) && itsThread == threadId))
            throw new WebhookException("message.thread_id is not threadId.");
        if (message.TryGetProperty("sender_id", out var sender) && !(ChatIds.TryRead(sender, out var itsSender) && itsSender == senderId))
            throw new WebhookException("message.sender_id is not senderId.");

        var createdAt = Time(message, "created_at", now);
        return new ChatMessage
        {
            Id = id,
            ThreadId = threadId,
            SenderId = senderId,
            SenderName = Text(message, "sender_name", ""),
            SenderEmail = Text(message, "sender_email", ""),
            Content = content.GetString()!,
            ContentType = Text(message, "content_type", ContentTypes.PlainText),
            Status = Text(message, "status", "sent"),
            CreatedAt = createdAt,
            UpdatedAt = Time(message, "updated_at", createdAt),
            Attachments = message.TryGetProperty("attachments", out var attachments) && attachments.ValueKind == JsonValueKind.Array
                ? [.. attachments.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.Object).Select(one => Attachment(one, createdAt))]
                : [],
        };
    }

    private static ChatAttachment Attachment(JsonElement attachment, DateTimeOffset now) => new()
    {
        Id = attachment.TryGetProperty("id", out var value) && ChatIds.TryRead(value, out var id)
            ? id
            : throw new WebhookException("message.attachments has one whose id is missing or not a positive integer."),
        Filename = Text(attachment, "filename", ""),
        Url = Text(attachment, "url", ""),
        MimeType = Text(attachment, "mime_type", "application/octet-stream"),
        Size = attachment.TryGetProperty("size", out var size) && size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out var bytes) ? bytes : 0,
        CreatedAt = Time(attachment, "created_at", now),
    };

    private static string Text(JsonElement owner, string name, string fallback) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : fallback;

    private static DateTimeOffset Time(JsonElement owner, string name, DateTimeOffset fallback) =>
        RestTime.TryRead(Text(owner, name, ""), out var time) ? time : fallback;

    private static WebhookException Wrong(string name, string reason) => new($"{name} {reason}.");

    private JsonElement Field(string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : throw new WebhookException($"{name} is missing.");
}
