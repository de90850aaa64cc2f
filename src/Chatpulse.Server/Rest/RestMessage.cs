using System.Text.Json.Serialization;
using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Rest;

/// <summary>A message in the shape of the REST routes, which <c>message:received</c> carries too.</summary>
public sealed record RestMessage
{
    /// <summary>Makes the shape.</summary>
    public static RestMessage From(ChatMessage message) => new()
    {
        Id = message.Id,
        ThreadId = message.ThreadId,
        SenderId = message.SenderId,
        SenderName = message.SenderName,
        SenderEmail = message.SenderEmail,
        Content = message.Content,
        ContentType = message.ContentType,
        Status = message.Status,
        CreatedAt = RestTime.Format(message.CreatedAt),
        UpdatedAt = RestTime.Format(message.UpdatedAt),
        Attachments = [.. message.Attachments.Select(RestAttachment.From)],
    };

    /// <summary>Its id.</summary>
    [JsonPropertyName("id")] public required long Id { get; init; }

    /// <summary>Its thread.</summary>
    [JsonPropertyName("thread_id")] public required long ThreadId { get; init; }

    /// <summary>Who sent it.</summary>
    [JsonPropertyName("sender_id")] public required long SenderId { get; init; }

    /// <summary>The sender's display name.</summary>
    [JsonPropertyName("sender_name")] public required string SenderName { get; init; }

    /// <summary>The sender's address; empty when there is none.</summary>
    [JsonPropertyName("sender_email")] public required string SenderEmail { get; init; }

    /// <summary>The text.</summary>
    [JsonPropertyName("content")] public required string Content { get; init; }

    /// <summary>One of <see cref="ContentTypes"/>.</summary>
    [JsonPropertyName("content_type")] public required string ContentType { get; init; }

    /// <summary><c>sent</c>, <c>delivered</c> or <c>read</c>.</summary>
    [JsonPropertyName("status")] public required string Status { get; init; }

    /// <summary><c>YYYY-MM-DD HH:MM:SS</c>, UTC.</summary>
    [JsonPropertyName("created_at")] public required string CreatedAt { get; init; }

    /// <summary><c>YYYY-MM-DD HH:MM:SS</c>, UTC.</summary>
    [JsonPropertyName("updated_at")] public required string UpdatedAt { get; init; }

    /// <summary>Files sent with it.</summary>
    [JsonPropertyName("attachments")] public required IReadOnlyList<RestAttachment> Attachments { get; init; }
}

/// <summary>A file of a message in the shape of the REST routes.</summary>
public sealed record RestAttachment
{
    /// <summary>Makes the shape.</summary>
    public static RestAttachment From(ChatAttachment attachment) => new()
    {
        Id = attachment.Id,
        Filename = attachment.Filename,
        Url = attachment.Url,
        MimeType = attachment.MimeType,
        Size = attachment.Size,
        CreatedAt = RestTime.Format(attachment.CreatedAt),
    };

    /// <summary>Its id.</summary>
    [JsonPropertyName("id")] public required long Id { get; init; }

    /// <summary>The name it was uploaded under.</summary>
    [JsonPropertyName("filename")] public required string Filename { get; init; }

    /// <summary>Where a member of the thread can get it.</summary>
    [JsonPropertyName("url")] public required string Url { get; init; }

    /// <summary>Its type.</summary>
    [JsonPropertyName("mime_type")] public required string MimeType { get; init; }

    /// <summary>In bytes.</summary>
    [JsonPropertyName("size")] public required long Size { get; init; }

    /// <summary><c>YYYY-MM-DD HH:MM:SS</c>, UTC.</summary>
    [JsonPropertyName("created_at")] public required string CreatedAt { get; init; }
}
