using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores;

/// <summary>Some threads of a user, and how many there are in all.</summary>
public sealed record ThreadPage(IReadOnlyList<ChatThread> Threads, int Total);
