namespace Chatpulse.Server.Chat;

/// <summary>An emoji, and who put it on a message, in the order in which they did.</summary>
public sealed record MessageReaction(string Emoji, IReadOnlyList<long> UserIds);
