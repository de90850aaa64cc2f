using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Chatpulse.Server.Chat;
using Microsoft.Extensions.Primitives;

namespace Chatpulse.Server.Identity;

/// <summary>
/// WordPress's login cookies of a request, and nothing else of its <c>Cookie</c> header: what other cookies hold is none of this server's business. A value
/// is <c>name|expires|session token|signature</c>; only WordPress can check it.
/// </summary>
internal sealed class LoginCookies
{
    private const string NamePrefix = "wordpress_logged_in_";
    private const int MaxLength = 8_192;
    private const int MaxCookies = 8;

    private LoginCookies(string header, DateTimeOffset? expiresAt, IReadOnlyList<string> sessionIds) =>
        (Header, ExpiresAt, SessionIds) = (header, expiresAt, sessionIds);

    /// <summary>What is passed on as <c>Cookie</c>.</summary>
    public string Header { get; }

    /// <summary>When the last of them ends by what it says, UTC; null when that cannot be read.</summary>
    public DateTimeOffset? ExpiresAt { get; }

    /// <summary>Their login sessions.</summary>
    public IReadOnlyList<string> SessionIds { get; }

    /// <summary>The login cookies among those of a request; null when there are none. There are several where several sites share a host name.</summary>
    /// <exception cref="ChatException"><c>unauthenticated</c>: more, or longer, than WordPress makes.</exception>
    public static LoginCookies? Find(StringValues cookieHeader)
    {
        var found = new List<string>();
        foreach (var line in cookieHeader)
        {
            foreach (var cookie in (line ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (cookie.StartsWith(NamePrefix, StringComparison.Ordinal) && !found.Contains(cookie, StringComparer.Ordinal))
                    found.Add(cookie);
            }
        }

        if (found.Count == 0)
            return null;
        var header = string.Join("; ", found);
        return found.Count <= MaxCookies && header.Length <= MaxLength
            ? Read(header, found)
            : throw new ChatException(ChatErrorCodes.Unauthenticated, "Authentication failed: the request's login cookies are too many or too long.");
    }

    /// <summary>How a login session is named in tokens and webhooks: the first 16 hexadecimal digits of the SHA-256 of WordPress's session token.</summary>
    public static string SessionIdOf(string sessionToken) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sessionToken)).AsSpan(0, 8));

    private static LoginCookies Read(string header, List<string> cookies)
    {
        DateTimeOffset? expiresAt = null;
        var sessionIds = new List<string>(cookies.Count);
        foreach (var cookie in cookies)
        {
            var fields = Uri.UnescapeDataString(cookie[(cookie.IndexOf('=', StringComparison.Ordinal) + 1)..]).Split('|');
            if (fields.Length != 4 || !long.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
                continue;
            var expires = DateTimeOffset.FromUnixTimeSeconds(seconds);
            if (expiresAt is null || expires > expiresAt)
                expiresAt = expires;
            sessionIds.Add(SessionIdOf(fields[2]));
        }

        return new LoginCookies(header, expiresAt, sessionIds);
    }
}
