namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>A row of the messages' table and what hangs on it.</summary>
internal sealed class SiteMessage
{
    public required long Id { get; init; }

    public required long ThreadId { get; init; }

    public required long SenderId { get; init; }

    public required string Content { get; set; }

    public required string ContentType { get; init; }

    public string Status { get; set; } = "sent";

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; set; }

    public DateTimeOffset? EditedAt { get; set; }

    public DateTimeOffset? DeletedAt { get; set; }

    public string? ClientId { get; init; }

    public List<SiteAttachment> Attachments { get; } = [];

    public List<(string Emoji, long UserId)> Reactions { get; } = [];

    public List<SiteReceipt> Receipts { get; } = [];
}
