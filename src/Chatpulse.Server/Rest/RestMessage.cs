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
        CreatedAtGmt = ChatTime.Format(message.CreatedAt),
        UpdatedAtGmt = ChatTime.Format(message.UpdatedAt),
        EditedAtGmt = message.EditedAt is { } edited ? ChatTime.Format(edited) : null,
        DeletedAtGmt = message.DeletedAt is { } deleted ? ChatTime.Format(deleted) : null,
        Reactions = [.. message.Reactions.Select(reaction => new RestReaction(reaction.Emoji, reaction.UserIds))],
        ClientId = message.TempId,
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

    /// <summary>ISO 8601, UTC.</summary>
    [JsonPropertyName("created_at_gmt")] public required string CreatedAtGmt { get; init; }

    /// <summary>ISO 8601, UTC.</summary>
    [JsonPropertyName("updated_at_gmt")] public required string UpdatedAtGmt { get; init; }

    /// <summary>ISO 8601, UTC; null when it was never edited.</summary>
    [JsonPropertyName("edited_at_gmt")] public required string? EditedAtGmt { get; init; }

    /// <summary>ISO 8601, UTC; null when it was not deleted.</summary>
    [JsonPropertyName("deleted_at_gmt")] public required string? DeletedAtGmt { get; init; }

    /// <summary>Reactions, in the order in which the emoji were first used.</summary>
    [JsonPropertyName("reactions")] public required IReadOnlyList<RestReaction> Reactions { get; init; }

    /// <summary>The sender's own name for it; null when it had none.</summary>
    [JsonPropertyName("client_id")] public required string? ClientId { get; init; }
}

/// <summary>An emoji and who put it on a message, in the shape of the REST routes.</summary>
public sealed record RestReaction(
    [property: JsonPropertyName("emoji")] string Emoji,
    [property: JsonPropertyName("user_ids")] IReadOnlyList<long> UserIds);

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
        CreatedAtGmt = ChatTime.Format(attachment.CreatedAt),
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

    /// <summary>ISO 8601, UTC.</summary>
    [JsonPropertyName("created_at_gmt")] public required string CreatedAtGmt { get; init; }
}
