namespace Chatpulse.Server.Identity;

/// <summary>A user who was proven as the settings ask.</summary>
/// <param name="UserId">Who it is.</param>
/// <param name="DisplayName">The name that came with the proof, if any.</param>
/// <param name="ExpiresAt">When the proof ends, UTC; null when it does not.</param>
public sealed record UserIdentity(long UserId, string? DisplayName, DateTimeOffset? ExpiresAt)
{
    /// <summary>When a token was issued (<c>iat</c>), UTC; null for one that does not say, and for other proofs.</summary>
    public DateTimeOffset? IssuedAt { get; init; }

    /// <summary>
    /// The login session of the proof, as <see cref="LoginCookies.SessionIdOf"/> names it: a token's <c>sid</c>, or those of the cookies, of which only the
    /// site knows which one counts.
    /// </summary>
    public IReadOnlyList<string> SessionIds { get; init; } = [];

    /// <summary>How many sign-outs (<see cref="SignOuts.Count"/>) there had been when proving began.</summary>
    public long SignOutsSeen { get; init; }

    /// <summary>What was shown to WordPress with <c>AUTH_MODE=wordpress</c>; otherwise null.</summary>
    public WordPressCredentials? Credentials { get; init; }
}
