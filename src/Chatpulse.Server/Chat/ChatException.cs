namespace Chatpulse.Server.Chat;

/// <summary>Something a user asked for could not be done. The message is shown to the user.</summary>
public sealed class ChatException(string code, string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>One of <see cref="ChatErrorCodes"/>.</summary>
    public string Code { get; } = code;

    /// <summary>With <c>rate_limited</c>: milliseconds until it may be tried again.</summary>
    public long? RetryAfterMs { get; init; }
}
