namespace Chatpulse.Server.Stores;

/// <summary>A message to be stored; content is already trimmed and checked.</summary>
public sealed record NewMessage(long SenderId, long ThreadId, string? TempId, string Content, string ContentType, IReadOnlyList<long> AttachmentIds);
