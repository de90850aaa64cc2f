using System.Globalization;
using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>The site's messages, threads and people as this server has them.</summary>
internal static class SiteMapping
{
    // A send without a tempId gets a name of the server's own, so that a repeat of it is harmless too. Clients need not see it.
    private const string OwnClientIdPrefix = "chatpulse-server:";

    /// <summary>A name for a message whose sender gave it none.</summary>
    public static string NewClientId() => OwnClientIdPrefix + Guid.NewGuid().ToString("N");

    public static ChatMessage ToMessage(SiteMessage message, SiteClock clock)
    {
        var createdAt = Time(message.CreatedAtGmt, message.CreatedAt, clock);
        return new ChatMessage
        {
            Id = message.Id,
            ThreadId = message.ThreadId,
            SenderId = message.SenderId,
            SenderName = message.SenderName ?? "",
            SenderEmail = message.SenderEmail ?? "",
            Content = message.Content ?? "",
            ContentType = message.ContentType ?? ContentTypes.PlainText,
            Attachments = ToAttachments(message.Attachments, clock),
            Status = message.Status ?? "sent",
            CreatedAt = createdAt,
            UpdatedAt = OptionalTime(message.UpdatedAtGmt, message.UpdatedAt, clock) ?? createdAt,
            EditedAt = OptionalTime(message.EditedAtGmt, local: null, clock),
            DeletedAt = OptionalTime(message.DeletedAtGmt, local: null, clock),
            Reactions = message.Reactions is { Count: > 0 } reactions
                ? [.. reactions.Where(r => r.Emoji is not null).Select(r => new MessageReaction(r.Emoji!, r.UserIds ?? []))]
                : [],
            TempId = message.ClientId is { } id && !id.StartsWith(OwnClientIdPrefix, StringComparison.Ordinal) ? id : null,
        };
    }

    public static ChatThread ToThread(SiteThread thread, SiteClock clock)
    {
        var createdAt = Time(thread.CreatedAtGmt, thread.CreatedAt, clock);
        return new ChatThread
        {
            Id = thread.Id,
            Type = thread.Type ?? ThreadTypes.Group,
            Title = thread.Title ?? "",
            CreatedBy = new ChatUser(thread.CreatedBy, thread.CreatedByName ?? "", thread.CreatedByEmail ?? ""),
            CreatedAt = createdAt,
            UpdatedAt = OptionalTime(thread.UpdatedAtGmt, thread.UpdatedAt, clock) ?? createdAt,
            Participants = [.. (thread.Participants ?? []).Select(ToUser)],
            LastMessage = thread.LastMessage is { SenderId: { } senderId } last ? ToLastMessage(thread.Id, senderId, last, clock) : null,
            UnreadCount = thread.UnreadCount,
        };
    }

    public static ChatUser ToUser(SiteParticipant user) => new(user.UserId, Name(user.UserId, user.DisplayName), user.Email ?? "");

    public static ChatUser ToUser(SiteUser user) => new(user.Id, Name(user.Id, user.Name), "");

    public static string Name(long userId, string? name) =>
        string.IsNullOrWhiteSpace(name) ? "User " + userId.ToString(CultureInfo.InvariantCulture) : name;

    /// <summary>A time that may be missing.</summary>
    public static DateTimeOffset? OptionalTime(string? gmt, string? local, SiteClock clock)
    {
        if (gmt is not null && DateTimeOffset.TryParse(
            gmt, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return time;
        }

        return clock.TryRead(local, out time) ? time : null;
    }

    private static ChatMessage ToLastMessage(long threadId, long senderId, SiteLastMessage last, SiteClock clock)
    {
        var createdAt = Time(last.CreatedAtGmt, last.CreatedAt, clock);
        return new ChatMessage
        {
            Id = last.Id ?? 0,
            ThreadId = threadId,
            SenderId = senderId,
            SenderName = Name(senderId, last.SenderName),
            Content = last.Content ?? "",
            ContentType = last.ContentType ?? ContentTypes.PlainText,
            Status = last.Status ?? "sent",
            Attachments = ToAttachments(last.Attachments, clock),
            CreatedAt = createdAt,
            UpdatedAt = createdAt,
        };
    }

    private static IReadOnlyList<ChatAttachment> ToAttachments(List<SiteAttachment>? attachments, SiteClock clock) => attachments is { Count: > 0 }
        ?
        [
            .. attachments.Select(file => new ChatAttachment
            {
                Id = file.Id,
                Filename = file.Filename ?? "",
                Url = file.Url ?? "",
                MimeType = file.MimeType ?? "application/octet-stream",
                Size = file.Size,
                CreatedAt = Time(file.CreatedAtGmt, file.CreatedAt, clock),
            }),
        ]
        : [];

    private static DateTimeOffset Time(string? gmt, string? local, SiteClock clock) => OptionalTime(gmt, local, clock) ?? DateTimeOffset.UnixEpoch;
}
