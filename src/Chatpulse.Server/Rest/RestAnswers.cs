namespace Chatpulse.Server.Rest;

/// <summary>Answers <c>GET /threads</c>.</summary>
internal sealed record ThreadsAnswer(IReadOnlyList<RestThread> Threads, RestPagination Pagination);

/// <summary>Which page this is, and of how many.</summary>
internal sealed record RestPagination(int Page, int PerPage, int Total, int TotalPages);

/// <summary>Answers <c>POST /threads</c>; <paramref name="Message"/> is a sentence for people.</summary>
internal sealed record ThreadAnswer(RestThread Thread, string Message);

/// <summary>Answers <c>GET /threads/{id}/messages</c>, oldest first.</summary>
internal sealed record MessagesAnswer(IReadOnlyList<RestMessage> Messages, bool HasMore);

/// <summary>Answers <c>POST /threads/{id}</c>.</summary>
internal sealed record MessageAnswer(RestMessage Message, bool Success);

/// <summary>Answers <c>POST /threads/{id}/read</c>; only what was unread before is counted.</summary>
internal sealed record ReadAnswer(bool Success, int MarkedCount);

/// <summary>Answers <c>GET /messages/{id}/receipts</c>.</summary>
internal sealed record ReceiptsAnswer(long MessageId, IReadOnlyList<RestReceipt> ReadReceipts, int ReadCount);

/// <summary>That somebody has read a message.</summary>
internal sealed record RestReceipt(long UserId, string UserName, string UserEmail, string ReadAt);

/// <summary>Answers <c>POST /threads/{id}/typing</c>.</summary>
internal sealed record TypingAnswer(bool Success, long ThreadId, bool IsTyping);

/// <summary>Answers <c>GET /threads/{id}/typing</c>.</summary>
internal sealed record TypingUsersAnswer(long ThreadId, IReadOnlyList<RestTypist> TypingUsers);

/// <summary>Somebody who is typing.</summary>
internal sealed record RestTypist(long Id, string Name);

/// <summary>Answers <c>POST /attachments</c>.</summary>
internal sealed record AttachmentAnswer(long AttachmentId, string Url, string Filename, long Size, string MimeType);
