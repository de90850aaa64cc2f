namespace Chatpulse.Server.Chat;

/// <summary>A file that was uploaded, and perhaps sent with a message.</summary>
public sealed record ChatAttachment
{
    /// <summary>Its id.</summary>
    public required long Id { get; init; }

    /// <summary>The name it was uploaded under, without a path.</summary>
    public required string Filename { get; init; }

    /// <summary>Where a member of the thread can get it.</summary>
    public required string Url { get; init; }

    /// <summary>Its type as found from its content.</summary>
    public required string MimeType { get; init; }

    /// <summary>In bytes.</summary>
    public required long Size { get; init; }

    /// <summary>When it was uploaded, UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}
