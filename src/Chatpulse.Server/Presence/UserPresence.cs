namespace Chatpulse.Server.Presence;

/// <summary>A user's presence at one moment.</summary>
/// <param name="UserId">Who.</param>
/// <param name="Status">What the user shows.</param>
/// <param name="LastSeen">When the user last connected, disconnected or changed the status, UTC.</param>
/// <param name="Connections">Open connections.</param>
public sealed record UserPresence(long UserId, PresenceStatus Status, DateTimeOffset LastSeen, int Connections);
