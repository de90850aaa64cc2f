using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores;

/// <summary>What reading changed: the receipts that are new, and the messages that everybody in the thread has read now, whose status became <c>read</c>.</summary>
public sealed record MarkedRead(IReadOnlyList<ReadReceipt> Receipts, IReadOnlyList<ChatMessage> ReadByAll);
