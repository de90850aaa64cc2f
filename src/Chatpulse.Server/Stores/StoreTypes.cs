using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores;

/// <summary>A message to be stored; content is already trimmed and checked.</summary>
public sealed record NewMessage(long SenderId, long ThreadId, string? TempId, string Content, string ContentType, IReadOnlyList<long> AttachmentIds);

/// <summary>The stored message, and whether it had been stored by an earlier call with the same <c>tempId</c>.</summary>
public sealed record StoredMessage(ChatMessage Message, bool AlreadyStored);

/// <summary>Some messages of a thread, oldest first, and whether there are more in the direction of the paging.</summary>
public sealed record MessagePage(IReadOnlyList<ChatMessage> Messages, bool HasMore);

/// <summary>Some threads of a user, and how many there are in all.</summary>
public sealed record ThreadPage(IReadOnlyList<ChatThread> Threads, int Total);

/// <summary>A thread, and whether this call made it.</summary>
public sealed record CreatedThread(ChatThread Thread, bool Created);

/// <summary>Which users are asked for; <paramref name="Include"/> and <paramref name="Exclude"/> are ids, empty for no restriction.</summary>
public sealed record UserQuery(string? Search, IReadOnlyCollection<long> Include, IReadOnlyCollection<long> Exclude, int PerPage);

/// <summary>A stored file, opened for reading; the caller disposes the stream.</summary>
public sealed record AttachmentContent(ChatAttachment Attachment, Stream Content);
