using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Identity;

/// <summary>Shows a login to the WordPress site.</summary>
public interface IWordPressLogin
{
    /// <summary>Whose login it is, with the name that the site shows for them. One call to the site each time.</summary>
    /// <exception cref="ChatException">
    /// <c>unauthenticated</c>: the site does not accept the login, or not with this nonce; <c>unavailable</c>: the site cannot be asked.
    /// </exception>
    ValueTask<UserIdentity> ProveAsync(WordPressCredentials credentials, CancellationToken cancellationToken);
}
