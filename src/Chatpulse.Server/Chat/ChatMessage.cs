namespace Chatpulse.Server.Chat;

/// <summary>A message as it is stored.</summary>
public sealed record ChatMessage
{
    /// <summary>Grows with every message of the store; messages are ordered by it, never by time.</summary>
    public required long Id { get; init; }

    /// <summary>The thread it belongs to.</summary>
    public required long ThreadId { get; init; }

    /// <summary>Who sent it.</summary>
    public required long SenderId { get; init; }

    /// <summary>The sender's display name.</summary>
    public required string SenderName { get; init; }

    /// <summary>The sender's address, for the REST shape only; empty when there is none.</summary>
    public string SenderEmail { get; init; } = "";

    /// <summary>1 to 10,000 characters, trimmed.</summary>
    public required string Content { get; init; }

    /// <summary>One of <see cref="ContentTypes"/>.</summary>
    public required string ContentType { get; init; }

    /// <summary>Files sent with it.</summary>
    public IReadOnlyList<ChatAttachment> Attachments { get; init; } = [];

    /// <summary><c>sent</c>, <c>delivered</c> or <c>read</c>.</summary>
    public required string Status { get; init; }

    /// <summary>When it was stored, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed, UTC.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When its author last changed the content, UTC; null when never.</summary>
    public DateTimeOffset? EditedAt { get; init; }

    /// <summary>When it was deleted, UTC; null when it was not. A deleted message keeps its place and has no content, files or reactions.</summary>
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>Reactions, in the order in which the emoji were first used; at most <see cref="Stores.StoreLimits.EmojiPerMessage"/>.</summary>
    public IReadOnlyList<MessageReaction> Reactions { get; init; } = [];

    /// <summary>The <c>tempId</c> it was sent with, where the store knows it.</summary>
    public string? TempId { get; init; }
}
