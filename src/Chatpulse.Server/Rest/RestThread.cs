using System.Text.Json.Serialization;
using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Rest;

/// <summary>A thread in the shape of the REST routes, which <c>thread:created</c> carries too.</summary>
public sealed record RestThread
{
    /// <summary>Makes the shape.</summary>
    public static RestThread From(ChatThread thread) => new()
    {
        Id = thread.Id,
        Type = thread.Type,
        Title = thread.Title,
        CreatedBy = thread.CreatedBy.Id,
        CreatedByName = thread.CreatedBy.DisplayName,
        CreatedByEmail = thread.CreatedBy.Email,
        CreatedAt = RestTime.Format(thread.CreatedAt),
        UpdatedAt = RestTime.Format(thread.UpdatedAt),
        Participants = [.. thread.Participants.Select(user => new RestParticipant(user.Id, user.DisplayName, user.Email))],
        LastMessage = thread.LastMessage is { } last
            ? new RestLastMessage(last.Content, RestTime.Format(last.CreatedAt), last.SenderId, last.SenderName)
            : new RestLastMessage("", "", null, ""),
        UnreadCount = thread.UnreadCount,
    };

    /// <summary>Its id.</summary>
    [JsonPropertyName("id")] public required long Id { get; init; }

    /// <summary><c>private</c> or <c>group</c>.</summary>
    [JsonPropertyName("type")] public required string Type { get; init; }

    /// <summary>Its title; empty when it has none.</summary>
    [JsonPropertyName("title")] public required string Title { get; init; }

    /// <summary>Who made it.</summary>
    [JsonPropertyName("created_by")] public required long CreatedBy { get; init; }

    /// <summary>The maker's display name.</summary>
    [JsonPropertyName("created_by_name")] public required string CreatedByName { get; init; }

    /// <summary>The maker's address.</summary>
    [JsonPropertyName("created_by_email")] public required string CreatedByEmail { get; init; }

    /// <summary><c>YYYY-MM-DD HH:MM:SS</c>, UTC.</summary>
    [JsonPropertyName("created_at")] public required string CreatedAt { get; init; }

    /// <summary><c>YYYY-MM-DD HH:MM:SS</c>, UTC.</summary>
    [JsonPropertyName("updated_at")] public required string UpdatedAt { get; init; }

    /// <summary>Who is in it.</summary>
    [JsonPropertyName("participants")] public required IReadOnlyList<RestParticipant> Participants { get; init; }

    /// <summary>The newest message; with empty fields when there is none.</summary>
    [JsonPropertyName("last_message")] public required RestLastMessage LastMessage { get; init; }

    /// <summary>Messages of others that the asker has not read.</summary>
    [JsonPropertyName("unread_count")] public required int UnreadCount { get; init; }
}

/// <summary>A member of a thread.</summary>
public sealed record RestParticipant(
    [property: JsonPropertyName("user_id")] long UserId,
    [property: JsonPropertyName("display_name")] string DisplayName,
    [property: JsonPropertyName("email")] string Email);

/// <summary>The newest message of a thread, in short.</summary>
public sealed record RestLastMessage(
    [property: JsonPropertyName("content")] string Content,
    [property: JsonPropertyName("created_at")] string CreatedAt,
    [property: JsonPropertyName("sender_id")] long? SenderId,
    [property: JsonPropertyName("sender_name")] string SenderName);
