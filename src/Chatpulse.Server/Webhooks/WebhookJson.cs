using System.Text.Json.Serialization;

namespace Chatpulse.Server.Webhooks;

/// <summary>How webhooks are answered.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WebhookAnswer))]
[JsonSerializable(typeof(WebhookError))]
internal sealed partial class WebhookJson : JsonSerializerContext;

/// <summary>The webhook was taken; what it concerns is repeated, so that a person who tries it out sees what was understood.</summary>
internal sealed record WebhookAnswer(bool Success, long? ThreadId = null, long? MessageId = null, int? MessageCount = null, int? ParticipantCount = null);

/// <summary>The webhook was not taken.</summary>
internal sealed record WebhookError(string Error);
