using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores;

/// <summary>The stored message, and whether it had been stored by an earlier call with the same <c>tempId</c>.</summary>
public sealed record StoredMessage(ChatMessage Message, bool AlreadyStored);
