namespace Chatpulse.Server.Stores.WordPress;

/// <summary>A call got no answer that can be understood: the site is down, slow, or says something else than it should.</summary>
/// <param name="message">What was seen, for the log and for <c>/health</c>; no secret is in it.</param>
/// <param name="mayBeDone">Whether the site may have done what was asked for all the same.</param>
/// <param name="passing">Whether trying again at once may help.</param>
/// <param name="innerException">What the network said.</param>
internal sealed class SiteFailureException(string message, bool mayBeDone, bool passing, Exception? innerException = null)
    : Exception(message, innerException)
{
    public bool MayBeDone { get; } = mayBeDone;

    public bool Passing { get; } = passing;

    /// <summary>The site answered, only with more than is read; a smaller part may be had.</summary>
    public bool IsTooLong { get; init; }

    /// <summary>The site asked not to be called for so long.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
