namespace Chatpulse.Server.Chat;

/// <summary>A conversation, as one of its participants sees it.</summary>
public sealed record ChatThread
{
    /// <summary>Its id.</summary>
    public required long Id { get; init; }

    /// <summary><c>private</c> or <c>group</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Its title; empty when it has none.</summary>
    public required string Title { get; init; }

    /// <summary>Who made it.</summary>
    public required ChatUser CreatedBy { get; init; }

    /// <summary>When it was made, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last had a message or was changed, UTC.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Who is in it.</summary>
    public required IReadOnlyList<ChatUser> Participants { get; init; }

    /// <summary>The newest message, if any.</summary>
    public ChatMessage? LastMessage { get; init; }

    /// <summary>Messages of others that the asker has not read.</summary>
    public int UnreadCount { get; init; }
}
