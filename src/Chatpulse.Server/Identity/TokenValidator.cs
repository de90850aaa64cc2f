using System.Text;
using Chatpulse.Server.Chat;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Chatpulse.Server.Identity;

/// <summary>
/// Checks tokens: JWT signed with HS256 and no other algorithm, <c>sub</c> a user id, <c>exp</c> required, <c>nbf</c> respected, <c>name</c> taken as
/// display name, <c>iat</c> and <c>sid</c> (the login session) for signing out. Clocks may differ by 5 s.
/// </summary>
/// <remarks>Thread-safe; keeps no state.</remarks>
internal sealed class TokenValidator
{
    private const int MaxTokenBytes = 8 * 1024;
    private const int MaxNameLength = 250;

    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(5);

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = MaxTokenBytes };
    private readonly TokenValidationParameters _parameters;
    private readonly TimeProvider _timeProvider;

    public TokenValidator(string secret, TimeProvider timeProvider)
    {
        _timeProvider = timeProvider;
        _parameters = new TokenValidationParameters
        {
            IssuerSigningKey = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(secret)),
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            ValidateIssuer = false,
            ValidateAudience = false,
            // Checked below instead, by the server's own clock.
            ValidateLifetime = false,
        };
    }

    /// <summary>Whom the token names, until when.</summary>
    /// <exception cref="ChatException"><c>unauthenticated</c>, saying what is wrong with the token.</exception>
    public async ValueTask<UserIdentity> ValidateAsync(string token)
    {
        var result = await _handler.ValidateTokenAsync(token, _parameters);
        if (!result.IsValid)
        {
            throw Refused(result.Exception switch
            {
                SecurityTokenInvalidAlgorithmException => "the token must be signed with HS256",
                SecurityTokenSignatureKeyNotFoundException or SecurityTokenInvalidSignatureException => "the token's signature is not valid",
                _ => "the token is not a signed JWT",
            });
        }

        var jwt = (JsonWebToken)result.SecurityToken;
        // What is marked as critical must be understood, and no extension is (RFC 7515, 4.1.11).
        if (jwt.TryGetHeaderValue<object>("crit", out _))
            throw Refused("the token's header has crit, and no extension is known here");
        if (!jwt.TryGetClaim("exp", out _) || jwt.ValidTo == DateTime.MinValue)
            throw Refused("the token has no exp");
        var expires = new DateTimeOffset(jwt.ValidTo, TimeSpan.Zero);

        // The skew is applied to the clock: times of a token may lie at the very ends of what a time can be.
        var now = _timeProvider.GetUtcNow();
        if (now - ClockSkew > expires)
            throw Refused("the token has expired");
        if (jwt.ValidFrom > DateTime.MinValue && now + ClockSkew < new DateTimeOffset(jwt.ValidFrom, TimeSpan.Zero))
            throw Refused("the token is not valid yet");
        if (!jwt.TryGetClaim("sub", out var subject) || !ChatIds.TryRead(subject.Value, out var userId))
            throw Refused($"the token's sub {ChatIds.Rule}");

        var name = jwt.TryGetClaim("name", out var claim) ? claim.Value.Trim() : "";
        return new UserIdentity(userId, IsName(name) ? name : null, expires)
        {
            IssuedAt = jwt.IssuedAt > DateTime.MinValue ? new DateTimeOffset(jwt.IssuedAt, TimeSpan.Zero) : null,
            SessionIds = jwt.TryGetClaim("sid", out var session) && session.Value.Length > 0 ? [session.Value] : [],
        };
    }

    private static bool IsName(string name) => name.Length is > 0 and <= MaxNameLength && !name.Contains('\0', StringComparison.Ordinal);

    private static ChatException Refused(string why) => new(ChatErrorCodes.Unauthenticated, $"Authentication failed: {why}.");
}
