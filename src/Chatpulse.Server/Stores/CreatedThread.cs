using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores;

/// <summary>A thread, and whether this call made it.</summary>
public sealed record CreatedThread(ChatThread Thread, bool Created);
