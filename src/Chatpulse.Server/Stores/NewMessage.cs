namespace Chatpulse.Server.Stores;

/// <summary>A message to be stored; content is already trimmed and checked.</summary>
public sealed record NewMessage(long SenderId, long ThreadId, string? TempId, string Content, string ContentType, IReadOnlyList<long> AttachmentIds)
{
    /// <summary>
    /// When the server took it, by <see cref="TimeProvider.GetTimestamp"/>; null for when the store gets it. What a store takes for a time-out counts from then, so that
    /// many that wait for one another are refused when the first is.
    /// </summary>
    public long? TakenAt { get; init; }
}
