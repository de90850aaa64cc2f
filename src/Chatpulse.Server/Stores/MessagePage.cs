using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores;

/// <summary>Some messages of a thread, oldest first, and whether there are more in the direction of the paging.</summary>
public sealed record MessagePage(IReadOnlyList<ChatMessage> Messages, bool HasMore);
