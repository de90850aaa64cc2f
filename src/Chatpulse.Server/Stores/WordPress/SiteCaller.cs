using System.Globalization;
using Chatpulse.Server.Identity;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// On whose account a call is made: nobody's, this server's (the API key), a user's by the server's word (the key and <c>X-Chatpulse-User</c>, which only
/// this project's plugin heeds), or a user's own (their cookie and nonce, and then never the key: with both, the key would count).
/// </summary>
internal readonly record struct SiteCaller
{
    public const string KeyHeader = "X-Chatpulse-API-Key";
    public const string UserHeader = "X-Chatpulse-User";

    private const int MaxCookieLength = 16 * 1024;
    private const int MaxNonceLength = 128;

    private readonly long? _userId;
    private readonly WordPressCredentials? _credentials;

    private SiteCaller(bool usesKey, long? userId, WordPressCredentials? credentials)
    {
        UsesKey = usesKey;
        _userId = userId;
        _credentials = credentials;
    }

    /// <summary>The user's own credentials; null for calls with the key.</summary>
    public WordPressCredentials? Credentials => _credentials;

    /// <summary>Whether the API key goes along.</summary>
    public bool UsesKey { get; }

    public static SiteCaller Nobody => default;

    public static SiteCaller Server => new(usesKey: true, userId: null, credentials: null);

    public static SiteCaller OnBehalfOf(long userId) => new(usesKey: true, userId, credentials: null);

    public static SiteCaller As(WordPressCredentials credentials) => new(usesKey: false, userId: null, credentials);

    /// <summary>Puts the proof on a request; false when the credentials are not of a kind that can go into a header.</summary>
    public bool TryApply(HttpRequestMessage request, string? apiKey)
    {
        if (UsesKey && apiKey is not null)
            request.Headers.TryAddWithoutValidation(KeyHeader, apiKey);
        if (_userId is { } userId)
            request.Headers.TryAddWithoutValidation(UserHeader, userId.ToString(CultureInfo.InvariantCulture));
        if (_credentials is null)
            return true;
        if (!IsHeaderText(_credentials.Cookie, MaxCookieLength) || !IsHeaderText(_credentials.Nonce, MaxNonceLength))
            return false;
        request.Headers.TryAddWithoutValidation("Cookie", _credentials.Cookie);
        request.Headers.TryAddWithoutValidation("X-WP-Nonce", _credentials.Nonce);
        return true;
    }

    /// <summary>The text without what proves the caller, in case a site shows it.</summary>
    public string Redact(string text, string? apiKey)
    {
        text = Without(text, apiKey);
        return Without(Without(text, _credentials?.Nonce), _credentials?.Cookie);
    }

    private static string Without(string text, string? secret) =>
        string.IsNullOrEmpty(secret) ? text : text.Replace(secret, "(secret)", StringComparison.Ordinal);

    // Both come from a client.
    private static bool IsHeaderText(string text, int maxLength) =>
        text.Length > 0 && text.Length <= maxLength && !text.AsSpan().ContainsAnyExceptInRange(' ', '~');
}
