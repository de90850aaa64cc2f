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

/// <summary>Something a user asked for could not be done. The message is shown to the user.</summary>
public sealed class ChatException(string code, string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>One of <see cref="ChatErrorCodes"/>.</summary>
    public string Code { get; } = code;

    /// <summary>With <c>rate_limited</c>: milliseconds until it may be tried again.</summary>
    public long? RetryAfterMs { get; init; }
}
