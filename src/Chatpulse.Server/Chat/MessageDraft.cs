namespace Chatpulse.Server.Chat;

/// <summary>What somebody wants to send, as it came: <see cref="ChatService"/> checks and trims it.</summary>
public sealed record MessageDraft
{
    /// <summary>Who sends it.</summary>
    public required long SenderId { get; init; }

    /// <summary>Where to.</summary>
    public required long ThreadId { get; init; }

    /// <summary>The text, 1 to 10,000 characters (Unicode code points) after trimming.</summary>
    public required string Content { get; init; }

    /// <summary>One of <see cref="ContentTypes"/>; null for plain text.</summary>
    public string? ContentType { get; init; }

    /// <summary>The sender's own name for the message, which makes a repeat harmless; 1 to 255 characters.</summary>
    public string? TempId { get; init; }

    /// <summary>Files to send with it, at most 10.</summary>
    public IReadOnlyList<long> AttachmentIds { get; init; } = [];

    /// <summary>When the server took it, by <see cref="TimeProvider.GetTimestamp"/>; null for now.</summary>
    public long? TakenAt { get; init; }
}
