namespace Chatpulse.Server.Identity;

/// <summary>A user who was proven as the settings ask.</summary>
/// <param name="UserId">Who it is.</param>
/// <param name="DisplayName">The name that came with the proof, if any.</param>
/// <param name="ExpiresAt">When the proof ends, UTC; null when it does not.</param>
public sealed record UserIdentity(long UserId, string? DisplayName, DateTimeOffset? ExpiresAt);
