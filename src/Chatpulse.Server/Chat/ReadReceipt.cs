namespace Chatpulse.Server.Chat;

/// <summary>That somebody has read a message.</summary>
public sealed record ReadReceipt(long MessageId, long UserId, string UserName, string UserEmail, DateTimeOffset ReadAt);
