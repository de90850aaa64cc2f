namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>What a user has done with a message: taken it, read it.</summary>
internal sealed class SiteReceipt
{
    public required long UserId { get; init; }

    public DateTimeOffset? ReadAt { get; set; }
}
