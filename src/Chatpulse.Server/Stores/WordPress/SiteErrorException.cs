namespace Chatpulse.Server.Stores.WordPress;

/// <summary>The site understood a call and said no, in WordPress's own form.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">WordPress's error code.</param>
/// <param name="message">What the site says.</param>
internal sealed class SiteErrorException(int status, string code, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    /// <summary>When it may be tried again, if the site said.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
