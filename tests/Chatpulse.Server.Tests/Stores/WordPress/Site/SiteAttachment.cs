namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>An uploaded file.</summary>
internal sealed class SiteAttachment
{
    public required long Id { get; init; }

    public required long UploaderId { get; init; }

    public required string Filename { get; init; }

    public required string MimeType { get; init; }

    public required byte[] Content { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The message that carries it, once there is one.</summary>
    public long? MessageId { get; set; }
}
