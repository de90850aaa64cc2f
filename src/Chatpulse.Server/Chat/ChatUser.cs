namespace Chatpulse.Server.Chat;

/// <summary>Somebody who chats.</summary>
public sealed record ChatUser(long Id, string DisplayName, string Email);
