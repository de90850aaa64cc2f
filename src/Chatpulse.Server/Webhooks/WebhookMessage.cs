using System.Globalization;
using System.Text.Json;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Webhooks;

/// <summary>
/// Reads the message of a webhook. What only describes it may be missing, as older plugins leave fields out. Times are taken from the <c>_gmt</c> fields where
/// they are there, else from those in the site's own time zone; one that cannot be read is the time of reading.
/// </summary>
internal sealed class WebhookMessage(IChatStore store, TimeProvider timeProvider)
{
    /// <summary>The message.</summary>
    /// <param name="message">The object.</param>
    /// <param name="threadId">The thread that the webhook around it names.</param>
    /// <param name="senderId">The sender that the webhook around it names; null when it names none.</param>
    /// <exception cref="WebhookException">It has no id, sender or content, or says another thread or sender than the webhook around it.</exception>
    public ChatMessage Read(JsonElement message, long threadId, long? senderId)
    {
        if (!message.TryGetProperty("id", out var idValue) || !ChatIds.TryRead(idValue, out var id))
            throw new WebhookException("message.id is missing or not a positive integer.");
        if (!message.TryGetProperty("content", out var content) || content.ValueKind != JsonValueKind.String)
            throw new WebhookException("message.content is missing or not a string.");
        if (message.TryGetProperty("thread_id", out var thread) && !(ChatIds.TryRead(thread, out var itsThread) && itsThread == threadId))
            throw new WebhookException("message.thread_id is not threadId.");
        if (message.TryGetProperty("sender_id", out var sender) || senderId is null)
        {
            if (!ChatIds.TryRead(sender, out var itsSender))
                throw new WebhookException("message.sender_id is missing or not a positive integer.");
            if (itsSender != (senderId ??= itsSender))
                throw new WebhookException("message.sender_id is not senderId.");
        }

        var createdAt = Time(message, "created_at") ?? timeProvider.GetUtcNow();
        return new ChatMessage
        {
            Id = id,
            ThreadId = threadId,
            SenderId = senderId.Value,
            SenderName = Text(message, "sender_name", ""),
            SenderEmail = Text(message, "sender_email", ""),
            Content = content.GetString()!,
            ContentType = Text(message, "content_type", ContentTypes.PlainText),
            Status = Text(message, "status", "sent"),
            CreatedAt = createdAt,
            UpdatedAt = Time(message, "updated_at") ?? createdAt,
            EditedAt = Time(message, "edited_at"),
            DeletedAt = Time(message, "deleted_at"),
            TempId = Text(message, "client_id", "") is { Length: > 0 and <= StoreLimits.TempIdLength } clientId ? clientId : null,
            Attachments = [.. Objects(message, "attachments").Select(one => Attachment(one, createdAt))],
            Reactions = [.. Objects(message, "reactions").Take(StoreLimits.EmojiPerMessage).Select(Reaction).OfType<MessageReaction>()],
        };
    }

    private ChatAttachment Attachment(JsonElement attachment, DateTimeOffset sentAt) => new()
    {
        Id = attachment.TryGetProperty("id", out var value) && ChatIds.TryRead(value, out var id)
            ? id
            : throw new WebhookException("message.attachments has one whose id is missing or not a positive integer."),
        Filename = Text(attachment, "filename", ""),
        Url = Text(attachment, "url", ""),
        MimeType = Text(attachment, "mime_type", "application/octet-stream"),
        Size = attachment.TryGetProperty("size", out var size) && size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out var bytes) ? bytes : 0,
        CreatedAt = Time(attachment, "created_at") ?? sentAt,
    };

    private static MessageReaction? Reaction(JsonElement reaction)
    {
        var emoji = Text(reaction, "emoji", "");
        if (emoji.Length is 0 or > StoreLimits.EmojiLength || !reaction.TryGetProperty("user_ids", out var users))
            return null;
        IEnumerable<JsonElement> elements = users.ValueKind switch
        {
            JsonValueKind.Array => users.EnumerateArray(),
            JsonValueKind.Object => users.EnumerateObject().Select(member => member.Value),
            _ => [],
        };
        return new MessageReaction(emoji, [.. elements.Where(user => ChatIds.TryRead(user, out _)).Select(user => ChatIds.TryRead(user, out var id) ? id : 0)]);
    }

    private DateTimeOffset? Time(JsonElement owner, string name)
    {
        if (DateTimeOffset.TryParse(
            Text(owner, name + "_gmt", ""), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
            return time;
        return store.TryReadTime(Text(owner, name, ""), out time) ? time : null;
    }

    private static IEnumerable<JsonElement> Objects(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.Object)
            : [];

    private static string Text(JsonElement owner, string name, string fallback) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : fallback;
}
