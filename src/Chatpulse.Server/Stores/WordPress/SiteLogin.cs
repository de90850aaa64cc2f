using Chatpulse.Server.Chat;
using Chatpulse.Server.Identity;
using Chatpulse.Server.Logging;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>Shows a login to the site: <c>GET /wp/v2/users/me</c> with the user's cookie and nonce, and without the API key.</summary>
/// <remarks>Thread-safe; the calls are bounded by <see cref="WordPressSite"/>.</remarks>
internal sealed partial class SiteLogin(WordPressSite site, TimeProvider timeProvider, ILogger<SiteLogin> logger) : IWordPressLogin
{
    private readonly RepeatedWarnings _warnings = new(timeProvider);

    /// <inheritdoc />
    public async ValueTask<UserIdentity> ProveAsync(WordPressCredentials credentials, CancellationToken cancellationToken)
    {
        var call = new SiteCall(HttpMethod.Get, "wp/v2/users/me?_fields=id,name", SiteCaller.As(credentials));
        try
        {
            var user = (await site.CallAsync(call, SiteJson.Default.SiteUser, cancellationToken)).Body;
            if (user.Id is >= 1 and <= StoreLimits.Id)
                return new UserIdentity(user.Id, user.Name?.Trim() is { Length: > 0 and <= StoreLimits.DisplayNameLength } name ? name : null, ExpiresAt: null);
            throw CannotTell("the answer names no user");
        }
        catch (SiteErrorException refusal) when (refusal.Code is "rest_cookie_invalid_nonce")
        {
            // The nonce belongs to the login: it is wrong too when the login has ended.
            throw Refused("the nonce is not valid, or no longer, for this login; take a new one from the site", refusal);
        }
        catch (SiteErrorException refusal) when (refusal.Status == StatusCodes.Status401Unauthorized)
        {
            throw Refused("nobody is signed in at the site with this cookie", refusal);
        }
        catch (SiteErrorException refusal)
        {
            // Something between, or a plugin that closes the site's own REST routes.
            throw CannotTell($"{refusal.Code} (status {refusal.Status})", refusal);
        }
    }

    private ChatException CannotTell(string why, Exception? cause = null)
    {
        if (_warnings.ShouldLog(why, out var unlogged))
            LogCannotTell(why, unlogged);
        return new ChatException(ChatErrorCodes.Unavailable, "The site does not say who is signed in; try again.", cause);
    }

    private static ChatException Refused(string why, Exception cause) => new(ChatErrorCodes.Unauthenticated, $"Authentication failed: {why}.", cause);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The site did not say who is signed in, GET /wp/v2/users/me: {Why} ({Unlogged} more times since this was last logged)")]
    private partial void LogCannotTell(string why, long unlogged);
}
