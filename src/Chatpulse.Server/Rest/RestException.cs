using System.Text.Json;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Identity;

namespace Chatpulse.Server.Rest;

/// <summary>A REST call that could not be done, as WordPress tells it: <c>{ code, message, data: { status } }</c>.</summary>
internal sealed class RestException(int status, string code, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    private IReadOnlyList<string>? missing;
    private IReadOnlyDictionary<string, string>? invalid;
    private string? jsonError;

    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>The machine-readable reason.</summary>
    public string Code { get; } = code;

    /// <summary>With 429: milliseconds until the call may be tried again.</summary>
    public long? RetryAfterMs { get; private init; }

    /// <summary>Nobody calls, or nobody proven; <paramref name="reason"/> where there is more to say than that.</summary>
    public static RestException NotLoggedIn(string? reason = null) =>
        new(StatusCodes.Status401Unauthorized, "rest_not_logged_in", reason ?? "You are not currently logged in.");

    public static RestException NoRoute() =>
        new(StatusCodes.Status404NotFound, "rest_no_route", "No route was found matching the URL and request method.");

    public static RestException CannotAccessThread() =>
        new(StatusCodes.Status403Forbidden, "rest_cannot_access_thread", "Sorry, you are not allowed to access this thread.");

    public static RestException MessageNotFound(Exception? reason = null) =>
        new(StatusCodes.Status404NotFound, "message_not_found", "Message not found.", reason);

    public static RestException Missing(IReadOnlyList<string> names) =>
        new(StatusCodes.Status400BadRequest, "rest_missing_callback_param", "Missing parameter(s): " + string.Join(", ", names))
        { missing = names };

    /// <summary>Each wrong parameter with what is wrong about it.</summary>
    public static RestException Invalid(IReadOnlyDictionary<string, string> reasons) =>
        new(StatusCodes.Status400BadRequest, "rest_invalid_param", "Invalid parameter(s): " + string.Join(", ", reasons.Keys))
        { invalid = reasons };

    public static RestException Invalid(string name, string reason) =>
        Invalid(new Dictionary<string, string>(StringComparer.Ordinal) { [name] = reason });

    public static RestException InvalidJson(string reason) =>
        new(StatusCodes.Status400BadRequest, "rest_invalid_json", "Invalid JSON body passed.") { jsonError = reason };

    public static RestException TooLarge(string reason) => new(StatusCodes.Status413PayloadTooLarge, "rest_too_large", reason);

    /// <summary>What the chat or its store refused, where a route knows no better name for it.</summary>
    public static RestException From(ChatException refusal) => refusal.Code switch
    {
        ChatErrorCodes.Unauthenticated => NotLoggedIn(refusal.Message is Authenticator.NobodyNamed ? null : refusal.Message),
        ChatErrorCodes.Forbidden => new(StatusCodes.Status403Forbidden, "rest_forbidden", refusal.Message, refusal),
        ChatErrorCodes.NotFound => new(StatusCodes.Status404NotFound, "rest_not_found", refusal.Message, refusal),
        ChatErrorCodes.Invalid => new(StatusCodes.Status400BadRequest, "rest_invalid_param", refusal.Message, refusal),
        ChatErrorCodes.TooLarge => new(StatusCodes.Status413PayloadTooLarge, "rest_too_large", refusal.Message, refusal),
        ChatErrorCodes.RateLimited => new(StatusCodes.Status429TooManyRequests, "rate_limit_exceeded", refusal.Message, refusal)
        { RetryAfterMs = refusal.RetryAfterMs },
        ChatErrorCodes.Unavailable => new(StatusCodes.Status503ServiceUnavailable, "rest_unavailable", refusal.Message, refusal),
        _ => Internal(refusal),
    };

    /// <summary>A defect: the log has the details, the caller does not.</summary>
    public static RestException Internal(Exception defect) =>
        new(StatusCodes.Status500InternalServerError, "internal_server_error", "The server could not do this. Its log says why.", defect);

    /// <summary>Writes the body of the answer.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("code"u8, Code);
        writer.WriteString("message"u8, Message);
        writer.WriteStartObject("data"u8);
        writer.WriteNumber("status"u8, Status);
        if (missing is not null)
        {
            writer.WriteStartArray("params"u8);
            foreach (var name in missing)
                writer.WriteStringValue(name);
            writer.WriteEndArray();
        }

        if (invalid is not null)
        {
            writer.WriteStartObject("params"u8);
            foreach (var (name, reason) in invalid)
                writer.WriteString(name, reason);
            writer.WriteEndObject();
            writer.WriteStartArray("details"u8);
            writer.WriteEndArray();
        }

        if (jsonError is not null)
        {
            // PHP's number for a syntax error: front ends that look at it at all know this one.
            writer.WriteNumber("json_error_code"u8, 4);
            writer.WriteString("json_error_message"u8, jsonError);
        }

        if (RetryAfterMs is { } milliseconds)
            writer.WriteNumber("retry_after_ms"u8, milliseconds);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
