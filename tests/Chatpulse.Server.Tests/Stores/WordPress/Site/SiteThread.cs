namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>A row of the threads' table, with its participants in the order in which they came.</summary>
internal sealed class SiteThread
{
    public required long Id { get; init; }

    public required string Type { get; init; }

    public required string? Title { get; init; }

    public required long CreatedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; set; }

    public List<long> Participants { get; } = [];
}
