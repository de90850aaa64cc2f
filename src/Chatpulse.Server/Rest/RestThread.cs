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
        LastMessage = thread.LastMessage is { } last ? RestMessage.From(last) : null,
        UnreadCount = thread.UnreadCount,
        CreatedAtGmt = ChatTime.Format(thread.CreatedAt),
        UpdatedAtGmt = ChatTime.Format(thread.UpdatedAt),
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

    /// <summary>The newest message; null, written as one with empty fields, when there is none.</summary>
    [JsonPropertyName("last_message")]
    [JsonConverter(typeof(LastMessageConverter))]
    public required RestMessage? LastMessage { get; init; }

    /// <summary>Messages of others that the asker has not read.</summary>
    [JsonPropertyName("unread_count")] public required int UnreadCount { get; init; }

    /// <summary>ISO 8601, UTC.</summary>
    [JsonPropertyName("created_at_gmt")] public required string CreatedAtGmt { get; init; }

    /// <summary>ISO 8601, UTC.</summary>
    [JsonPropertyName("updated_at_gmt")] public required string UpdatedAtGmt { get; init; }
}

/// <summary>A member of a thread.</summary>
public sealed record RestParticipant(
    [property: JsonPropertyName("user_id")] long UserId,
    [property: JsonPropertyName("display_name")] string DisplayName,
    [property: JsonPropertyName("email")] string Email);
