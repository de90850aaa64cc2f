using System.Text.Json.Nodes;

namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>An error as WordPress answers it.</summary>
internal sealed class SiteRefusal(int status, string code, string message, JsonObject? data = null) : Exception(message)
{
    public static SiteRefusal NotSignedIn => new(401, "rest_not_logged_in", "You are not currently logged in.");

    public static SiteRefusal NoAccess => new(403, "rest_cannot_access_thread", "Sorry, you are not allowed to access this thread.");

    public static SiteRefusal NoRoute => new(404, "rest_no_route", "No route was found matching the URL and request method.");

    public static SiteRefusal NoMessage => new(404, "message_not_found", "Message not found.");

    public int Status => status;

    public string Code => code;

    public JsonObject Body
    {
        get
        {
            var answered = data?.DeepClone().AsObject() ?? [];
            answered["status"] = status;
            return new JsonObject { ["code"] = code, ["message"] = Message, ["data"] = answered };
        }
    }

    /// <summary>Parameters that were left out.</summary>
    public static SiteRefusal Missing(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return new SiteRefusal(
            400, "rest_missing_callback_param", $"Missing parameter(s): {string.Join(", ", all)}", new JsonObject { ["params"] = new JsonArray([.. all.Select(n => (JsonNode)n)]) });
    }

    /// <summary>Parameters that are wrong.</summary>
    public static SiteRefusal Invalid(params IEnumerable<string> names)
    {
        string[] all = [.. names];
        return new SiteRefusal(
            400,
            "rest_invalid_param",
            $"Invalid parameter(s): {string.Join(", ", all)}",
            new JsonObject { ["params"] = new JsonObject(all.Select(n => KeyValuePair.Create(n, (JsonNode?)"Invalid parameter."))), ["details"] = new JsonArray() });
    }

    public static SiteRefusal RateLimited(int allowed, string what, int? retryAfterSeconds = null) => new(
        429,
        "rate_limit_exceeded",
        $"Rate limit exceeded. Maximum {allowed} {what} per 60 seconds.",
        retryAfterSeconds is { } seconds ? new JsonObject { ["retry_after"] = seconds } : null);
}
