namespace Chatpulse.Server.Identity;

/// <summary>
/// What a signed-in user's browser shows to WordPress: the <c>Cookie</c> header with the site's login cookie, and the nonce for <c>X-WP-Nonce</c>.
/// Neither is ever logged.
/// </summary>
public sealed record WordPressCredentials(string Cookie, string Nonce);
