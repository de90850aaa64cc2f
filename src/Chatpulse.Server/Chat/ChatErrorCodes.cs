namespace Chatpulse.Server.Chat;

/// <summary>The error codes that clients see; few, stable, documented.</summary>
public static class ChatErrorCodes
{
    /// <summary>No proven identity.</summary>
    public const string Unauthenticated = "unauthenticated";

    /// <summary>The user may not do that.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>No such thread, message or event.</summary>
    public const string NotFound = "not_found";

    /// <summary>The payload is wrong; the message says which field.</summary>
    public const string Invalid = "invalid";

    /// <summary>Over a size limit.</summary>
    public const string TooLarge = "too_large";

    /// <summary>Too many; <c>retryAfterMs</c> says when again.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>The store cannot be reached or cannot write; trying again may work.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>A defect; the log has it.</summary>
    public const string Internal = "internal";
}
