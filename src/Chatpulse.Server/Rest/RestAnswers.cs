using System.Text.Json.Serialization;

namespace Chatpulse.Server.Rest;

/// <summary>Answers <c>GET /threads</c>.</summary>
internal sealed record ThreadsAnswer(IReadOnlyList<RestThread> Threads, RestPagination Pagination);

/// <summary>Which page this is, and of how many.</summary>
internal sealed record RestPagination(int Page, int PerPage, int Total, int TotalPages);

/// <summary>Answers <c>POST /threads</c>; <paramref name="Message"/> is a sentence for people.</summary>
internal sealed record ThreadAnswer(RestThread Thread, string Message);

/// <summary>Answers <c>GET /threads/{id}/participants</c>.</summary>
internal sealed record ParticipantsAnswer(long ThreadId, IReadOnlyList<RestMember> Participants);

/// <summary>A member of a thread and what they may do there: <c>owner</c> for whoever made it, or <c>member</c>.</summary>
internal sealed record RestMember(long UserId, string DisplayName, string Email, string Role);

/// <summary>Answers who was taken into a thread.</summary>
internal sealed record ChangedThreadAnswer(RestThread Thread);

/// <summary>Answers <c>DELETE /threads/{id}/participants/{user}</c>.</summary>
internal sealed record ParticipantRemovedAnswer(bool Success, long ThreadId, long UserId);

/// <summary>Answers <c>GET /threads/{id}/messages</c>, oldest first.</summary>
internal sealed record MessagesAnswer(IReadOnlyList<RestMessage> Messages, bool HasMore);

/// <summary>Answers <c>POST /threads/{id}</c>; <paramref name="AlreadyStored"/> is there where it is so.</summary>
internal sealed record MessageAnswer(
    RestMessage Message,
    bool Success,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool AlreadyStored = false);

/// <summary>Answers what changes a message.</summary>
internal sealed record ChangedMessageAnswer(RestMessage Message);

/// <summary>Answers <c>POST /threads/{id}/read</c>; only what was unread before is counted.</summary>
internal sealed record ReadAnswer(bool Success, int MarkedCount, IReadOnlyList<RestNewReceipt> Receipts);

/// <summary>That the caller has read a message now.</summary>
internal sealed record RestNewReceipt(long MessageId, string ReadAt, string ReadAtGmt);

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
internal sealed record AttachmentAnswer(long AttachmentId, string Url, string Filename, long Size, string MimeType, string CreatedAt, string CreatedAtGmt);
