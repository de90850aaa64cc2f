using System.Text.Json;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Stores;
using Microsoft.Extensions.Primitives;
using SocketIO.Server;

namespace Chatpulse.Server.Identity;

/// <summary>
/// Proves who asks, in the one way that <see cref="ServerSettings.AuthMode"/> names, for sockets and HTTP requests alike, and makes the user
/// known to the store. Refusals are <see cref="ChatException"/>s with <c>unauthenticated</c> and a message that may be shown; <c>unavailable</c> when the site
/// that would prove them cannot be asked.
/// </summary>
/// <remarks>Thread-safe; keeps no state of its own.</remarks>
internal sealed class Authenticator
{
    /// <summary>The message of a refusal when nobody was named.</summary>
    public const string NobodyNamed = "Authentication required";

    private const string NoCookie = NobodyNamed
        + ": the connection came without the site's login cookie. Either connect with WebSocket only (transports: [\"websocket\"]) and with credentials to a server on the "
        + "site's own host name, or let a proxy put /socket.io under the site's own address.";

    private const string BearerPrefix = "Bearer ";
    private const int MaxNonceLength = 64;

    private readonly AuthMode _mode;
    private readonly IChatStore _store;
    private readonly SignOuts _signOuts;
    private readonly WordPressLogins _logins;
    private readonly TokenValidator? _tokens;
    private readonly bool _knownUsersOnly;

    /// <summary>Proves users as the settings ask.</summary>
    public Authenticator(ServerSettings settings, IChatStore store, SignOuts signOuts, WordPressLogins logins, TimeProvider timeProvider)
    {
        _mode = settings.AuthMode;
        _store = store;
        _signOuts = signOuts;
        _logins = logins;
        _knownUsersOnly = !settings.IsDevelopment;
        if (_mode == AuthMode.Token)
            _tokens = new TokenValidator(settings.AuthSecret!, timeProvider);
    }

    /// <summary>
    /// Proves the user of a connection: <c>auth.token</c> or <c>Authorization: Bearer</c> with <see cref="AuthMode.Token"/>, the login cookie of the request that
    /// opened the connection and <c>auth.nonce</c> with <see cref="AuthMode.WordPress"/>, <c>auth.userId</c> or <c>?userId=</c> with <see cref="AuthMode.UserId"/>.
    /// </summary>
    public ValueTask<UserIdentity> AuthenticateAsync(SocketHandshake handshake, CancellationToken cancellationToken)
    {
        switch (_mode)
        {
            case AuthMode.Token:
                var token = AuthText(handshake, "token") ?? BearerToken(handshake.Request.Headers.Authorization);
                return AuthenticateAsync(token ?? throw Refused(NobodyNamed), cancellationToken);
            case AuthMode.WordPress:
                return AuthenticateAsync(handshake.Request.Headers.Cookie, AuthText(handshake, "nonce"), "auth.nonce", AuthField(handshake, "userId"), cancellationToken);
            default:
                if (AuthField(handshake, "userId") is { } named)
                    return ChatIds.TryRead(named, out var id) ? BelieveAsync(id, cancellationToken) : throw Refused($"{NobodyNamed}: auth.userId {ChatIds.Rule}.");
                return BelieveAsync(handshake.Request.Query["userId"], "userId", cancellationToken);
        }
    }

    /// <summary>
    /// Proves the user of an HTTP request: <c>Authorization: Bearer</c> with <see cref="AuthMode.Token"/>, the login cookie and <c>X-WP-Nonce</c> with
    /// <see cref="AuthMode.WordPress"/>, <c>X-Chatpulse-User</c> with <see cref="AuthMode.UserId"/>.
    /// </summary>
    public ValueTask<UserIdentity> AuthenticateAsync(HttpRequest request, CancellationToken cancellationToken) => _mode switch
    {
        AuthMode.Token => AuthenticateAsync(BearerToken(request.Headers.Authorization) ?? throw Refused(NobodyNamed), cancellationToken),
        AuthMode.WordPress => AuthenticateAsync(request.Headers.Cookie, request.Headers["X-WP-Nonce"], "X-WP-Nonce", claimed: null, cancellationToken),
        _ => BelieveAsync(request.Headers["X-Chatpulse-User"], "X-Chatpulse-User", cancellationToken),
    };

    /// <summary>Proves the user of a connection anew, by what an <c>auth_refresh</c> brings: <c>token</c>, or <c>nonce</c> for the cookie it came with.</summary>
    /// <exception cref="ChatException"><c>invalid</c>: the field is not there, or proofs do not expire here; <c>forbidden</c>: it proves somebody else.</exception>
    public async ValueTask<UserIdentity> RefreshAsync(UserIdentity identity, EventPayload payload, CancellationToken cancellationToken)
    {
        UserIdentity refreshed;
        if (identity.Credentials is { } credentials)
        {
            refreshed = await _logins.ProveAsync(Credentials(credentials.Cookie, payload.Text("nonce"), "nonce"), fresh: false, cancellationToken);
        }
        else
        {
            var token = payload.Text("token");
            if (_mode != AuthMode.Token)
                throw new ChatException(ChatErrorCodes.Invalid, "This server does not use tokens.");
            refreshed = await AuthenticateAsync(token, cancellationToken);
        }

        if (refreshed.UserId != identity.UserId)
            throw new ChatException(ChatErrorCodes.Forbidden, $"The {(identity.Credentials is null ? "token" : "login")} is another user's.");
        return refreshed;
    }

    /// <summary>Whether the user has signed out since this was proven.</summary>
    public bool HasSignedOut(UserIdentity identity) => _mode != AuthMode.UserId && _signOuts.Refuses(identity);

    private async ValueTask<UserIdentity> AuthenticateAsync(string token, CancellationToken cancellationToken)
    {
        var identity = await _tokens!.ValidateAsync(token) with { SignOutsSeen = _signOuts.Count };
        if (_signOuts.Refuses(identity))
            throw SignedOut();
        await _store.EnsureUserAsync(identity.UserId, identity.DisplayName, cancellationToken);
        return identity;
    }

    private async ValueTask<UserIdentity> AuthenticateAsync(
        StringValues cookieHeader, string? nonce, string nonceName, JsonElement? claimed, CancellationToken cancellationToken)
    {
        var cookies = LoginCookies.Find(cookieHeader) ?? throw Refused(NoCookie);
        var identity = await _logins.ProveAsync(Credentials(cookies.Header, nonce, nonceName), fresh: false, cancellationToken);
        if (claimed is { } claim && !(ChatIds.TryRead(claim, out var id) && id == identity.UserId))
            throw Refused("Authentication failed: auth.userId is not the user who is signed in at the site.");
        return identity;
    }

    private static WordPressCredentials Credentials(string cookie, string? nonce, string nonceName)
    {
        if (string.IsNullOrEmpty(nonce))
            throw Refused($"{NobodyNamed}: {nonceName} is missing, the nonce that the site gives its pages for the REST API (action wp_rest).");
        return nonce.Length <= MaxNonceLength && nonce.All(char.IsAsciiLetterOrDigit)
            ? new WordPressCredentials(cookie, nonce)
            : throw Refused($"Authentication failed: {nonceName} must be letters and digits, at most {MaxNonceLength}.");
    }

    private async ValueTask<UserIdentity> BelieveAsync(string? text, string source, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(text))
            throw Refused(NobodyNamed);
        return ChatIds.TryRead(text, out var id) ? await BelieveAsync(id, cancellationToken) : throw Refused($"{NobodyNamed}: {source} {ChatIds.Rule}.");
    }

    private async ValueTask<UserIdentity> BelieveAsync(long userId, CancellationToken cancellationToken)
    {
        // In production a bare id must not make users: anybody could fill the store with them.
        if (!_knownUsersOnly)
            await _store.EnsureUserAsync(userId, displayName: null, cancellationToken);
        else if (await _store.FindUserAsync(userId, cancellationToken) is null)
            throw Refused($"{NobodyNamed}: the user is not known.");
        return new UserIdentity(userId, DisplayName: null, ExpiresAt: null);
    }

    private static JsonElement? AuthField(SocketHandshake handshake, string name) =>
        handshake.Auth is { ValueKind: JsonValueKind.Object } auth
        && auth.TryGetProperty(name, out var value)
        && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? value : null;

    private static string? AuthText(SocketHandshake handshake, string name) =>
        AuthField(handshake, name) is { ValueKind: JsonValueKind.String } field && EventPayload.TryGetText(field, out var text) ? text : null;

    private static string? BearerToken(string? authorization) =>
        authorization is not null && authorization.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase)
            ? authorization[BearerPrefix.Length..].Trim()
            : null;

    internal static ChatException SignedOut() => Refused("Authentication failed: the user has signed out since.");

    private static ChatException Refused(string message) => new(ChatErrorCodes.Unauthenticated, message);
}
