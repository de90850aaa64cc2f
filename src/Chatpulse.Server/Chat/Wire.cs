using System.Text.Json;
using System.Text.Json.Serialization;
using Chatpulse.Server.Rest;

namespace Chatpulse.Server.Chat;

/// <summary>The payloads that clients are sent. Names and shapes are a promise: they never change.</summary>
internal static class Wire
{
    /// <summary>
    /// <c>message</c> and <c>message_update</c>, and what <c>message_send</c> and <c>history</c> answer. What not every message has is left out where it is
    /// not, so that a message looks as it always did until something is done to it.
    /// </summary>
    public sealed record Message(
        long Id,
        long ThreadId,
        long SenderId,
        string SenderName,
        string Content,
        string ContentType,
        IReadOnlyList<Attachment> Attachments,
        string Status,
        string CreatedAt,
        string UpdatedAt,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? EditedAt,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? DeletedAt,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<MessageReaction>? Reactions)
    {
        public static Message From(ChatMessage message) => new(
            message.Id,
            message.ThreadId,
            message.SenderId,
            message.SenderName,
            message.Content,
            message.ContentType,
            message.Attachments.Count == 0 ? [] : [.. message.Attachments.Select(Attachment.From)],
            message.Status,
            ChatTime.Format(message.CreatedAt),
            ChatTime.Format(message.UpdatedAt),
            message.EditedAt is { } edited ? ChatTime.Format(edited) : null,
            message.DeletedAt is { } deleted ? ChatTime.Format(deleted) : null,
            message.Reactions.Count == 0 ? null : message.Reactions);
    }

    /// <summary>A file of a message.</summary>
    public sealed record Attachment(long Id, string Filename, string Url, string MimeType, long Size, string CreatedAt)
    {
        public static Attachment From(ChatAttachment attachment) =>
            new(attachment.Id, attachment.Filename, attachment.Url, attachment.MimeType, attachment.Size, ChatTime.Format(attachment.CreatedAt));
    }

    /// <summary><c>message_id_mapping</c>.</summary>
    public sealed record MessageIdMapping(string TempId, long RealId);

    /// <summary><c>thread_joined</c> and <c>thread_left</c>.</summary>
    public sealed record Thread(long ThreadId);

    /// <summary><c>typing</c>.</summary>
    public sealed record Typing(long ThreadId, long UserId, bool IsTyping);

    /// <summary><c>presence</c>.</summary>
    public sealed record Presence(long ThreadId, long UserId, string Status);

    /// <summary><c>presence:status</c>, and one entry of <c>presence:bulk</c>.</summary>
    public sealed record UserPresence(
        [property: JsonPropertyName("user_id")] long UserId,
        string Status,
        [property: JsonPropertyName("last_seen")] string LastSeen);

    /// <summary><c>user:disconnect</c>.</summary>
    public sealed record UserDisconnect([property: JsonPropertyName("user_id")] long UserId);

    /// <summary><c>read_receipt</c>.</summary>
    public sealed record ReadReceipt(long MessageId, long UserId, string ReadAt);

    /// <summary><c>message:received</c>.</summary>
    public sealed record MessageReceived(JsonElement Message, long ThreadId);

    /// <summary><c>thread:updated</c>.</summary>
    public sealed record ThreadUpdated(long ThreadId, JsonElement LastMessage);

    /// <summary><c>message:read</c>.</summary>
    public sealed record MessageRead(long UserId, long ThreadId, IReadOnlyList<long> MessageIds, string ReadAt);

    /// <summary><c>thread:created</c>.</summary>
    public sealed record ThreadCreated(JsonElement Thread);

    /// <summary><c>error</c>.</summary>
    public sealed record Error(
        string Event,
        string Message,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? TempId);

    /// <summary>The data of a <c>connect_error</c>, and the error of an acknowledgement.</summary>
    public sealed record ErrorDetail(
        string Code,
        string Message,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? RetryAfterMs = null);

    /// <summary>An acknowledgement of what could not be done.</summary>
    public sealed record Refused(ErrorDetail Error)
    {
        [JsonPropertyOrder(-1)] public bool Ok => false;
    }

    /// <summary>An acknowledgement with nothing to say but that it was done.</summary>
    public sealed record Done
    {
        [JsonPropertyOrder(-1)] public bool Ok => true;
    }

    /// <summary>Acknowledges <c>join_thread</c>.</summary>
    /// <param name="ThreadId">The thread.</param>
    /// <param name="Missed">Messages that were sent before this acknowledgement because they are newer than <c>lastMessageId</c>.</param>
    /// <param name="Online">Users who are in the thread now, the asker too; at most <see cref="Presence"/> can list.</param>
    public sealed record Joined(long ThreadId, int Missed, IReadOnlyList<long> Online)
    {
        [JsonPropertyOrder(-1)] public bool Ok => true;
    }

    /// <summary>Acknowledges <c>leave_thread</c> and <c>typing</c>.</summary>
    public sealed record InThread(long ThreadId)
    {
        [JsonPropertyOrder(-1)] public bool Ok => true;
    }

    /// <summary>Acknowledges <c>message_send</c>.</summary>
    public sealed record Sent(
        Message Message,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? TempId)
    {
        [JsonPropertyOrder(-1)] public bool Ok => true;
    }

    /// <summary>Acknowledges <c>message_edit</c>, <c>message_delete</c> and <c>reaction</c>: the message as it is now.</summary>
    public sealed record Changed(Message Message)
    {
        [JsonPropertyOrder(-1)] public bool Ok => true;
    }

    /// <summary>Acknowledges <c>message_read</c>: the messages that are newly read.</summary>
    public sealed record Read(long ThreadId, IReadOnlyList<long> MessageIds)
    {
        [JsonPropertyOrder(-1)] public bool Ok => true;
    }

    /// <summary>Answers <c>history</c>: messages, oldest first, and whether there are older ones.</summary>
    public sealed record History(long ThreadId, IReadOnlyList<Message> Messages, bool HasMore)
    {
        [JsonPropertyOrder(-1)] public bool Ok => true;
    }

    /// <summary>Answers <c>threads</c>: the user's threads, most recently used first, and how many there are in all.</summary>
    public sealed record Threads([property: JsonPropertyName("threads")] IReadOnlyList<ThreadSummary> Items, int Total)
    {
        [JsonPropertyOrder(-1)] public bool Ok => true;
    }

    /// <summary>A thread as one of its participants sees it.</summary>
    public sealed record ThreadSummary(
        long Id,
        string Type,
        string Title,
        IReadOnlyList<Person> Participants,
        Message? LastMessage,
        int UnreadCount,
        string CreatedAt,
        string UpdatedAt)
    {
        public static ThreadSummary From(ChatThread thread) => new(
            thread.Id,
            thread.Type,
            thread.Title,
            [.. thread.Participants.Select(user => new Person(user.Id, user.DisplayName))],
            thread.LastMessage is { } last ? Message.From(last) : null,
            thread.UnreadCount,
            ChatTime.Format(thread.CreatedAt),
            ChatTime.Format(thread.UpdatedAt));
    }

    /// <summary>Somebody in a thread.</summary>
    public sealed record Person(long Id, string Name);

    /// <summary>Acknowledges <c>presence:request</c>.</summary>
    public sealed record PresenceAnswer(IReadOnlyList<UserPresence> Users)
    {
        [JsonPropertyOrder(-1)] public bool Ok => true;
    }

    /// <summary>Acknowledges <c>auth_refresh</c>; no time when the proof does not say when it ends.</summary>
    public sealed record Refreshed([property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ExpiresAt)
    {
        [JsonPropertyOrder(-1)] public bool Ok => true;
    }
}

/// <summary>How the payloads become JSON, without reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Wire.Message))]
[JsonSerializable(typeof(Wire.MessageIdMapping))]
[JsonSerializable(typeof(Wire.Thread))]
[JsonSerializable(typeof(Wire.Typing))]
[JsonSerializable(typeof(Wire.Presence))]
[JsonSerializable(typeof(Wire.UserPresence))]
[JsonSerializable(typeof(IReadOnlyList<Wire.UserPresence>))]
[JsonSerializable(typeof(Wire.UserDisconnect))]
[JsonSerializable(typeof(Wire.ReadReceipt))]
[JsonSerializable(typeof(Wire.MessageReceived))]
[JsonSerializable(typeof(Wire.ThreadUpdated))]
[JsonSerializable(typeof(Wire.MessageRead))]
[JsonSerializable(typeof(Wire.ThreadCreated))]
[JsonSerializable(typeof(Wire.Error))]
[JsonSerializable(typeof(Wire.ErrorDetail))]
[JsonSerializable(typeof(Wire.Refused))]
[JsonSerializable(typeof(Wire.Done))]
[JsonSerializable(typeof(Wire.Joined))]
[JsonSerializable(typeof(Wire.InThread))]
[JsonSerializable(typeof(Wire.Sent))]
[JsonSerializable(typeof(Wire.Changed))]
[JsonSerializable(typeof(Wire.Read))]
[JsonSerializable(typeof(Wire.Threads))]
[JsonSerializable(typeof(Wire.History))]
[JsonSerializable(typeof(Wire.PresenceAnswer))]
[JsonSerializable(typeof(Wire.Refreshed))]
[JsonSerializable(typeof(RestMessage))]
[JsonSerializable(typeof(RestThread))]
internal sealed partial class ChatJsonContext : JsonSerializerContext;
