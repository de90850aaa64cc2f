using System.Text.Json;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Stores;
using SocketIO.Server;

namespace Chatpulse.Server.Identity;

/// <summary>
/// Proves who asks, in the one way that <see cref="ServerSettings.AuthMode"/> names, for sockets and HTTP requests alike, and makes the user
/// known to the store. Refusals are <see cref="ChatException"/>s with <c>unauthenticated</c> and a message that may be shown.
/// </summary>
/// <remarks>Thread-safe; keeps no state.</remarks>
public sealed class Authenticator
{
    /// <summary>The message of a refusal when nobody was named.</summary>
    public const string NobodyNamed = "Authentication required";

    private const string BearerPrefix = "Bearer ";

    private readonly IChatStore _store;
    private readonly TokenValidator? _tokens;
    private readonly bool _knownUsersOnly;

    /// <summary>Proves users as the settings ask.</summary>
    public Authenticator(ServerSettings settings, IChatStore store, TimeProvider timeProvider)
    {
        _store = store;
        if (settings.AuthMode == AuthMode.Token)
            _tokens = new TokenValidator(settings.AuthSecret!, timeProvider);
        else
            _knownUsersOnly = !settings.IsDevelopment;
    }

    /// <summary>Whether users are proven by tokens, which can be refreshed.</summary>
    public bool UsesTokens => _tokens is not null;

    /// <summary>
    /// Proves the user of a connection: <c>auth.token</c> or <c>Authorization: Bearer</c> with <see cref="AuthMode.Token"/>, <c>auth.userId</c> or
    /// <c>?userId=</c> with <see cref="AuthMode.UserId"/>.
    /// </summary>
    public ValueTask<UserIdentity> AuthenticateAsync(SocketHandshake handshake, CancellationToken cancellationToken)
    {
        if (_tokens is not null)
        {
            var token = AuthField(handshake, "token") is { ValueKind: JsonValueKind.String } field && EventPayload.TryGetText(field, out var text)
                ? text
                : BearerToken(handshake.Request.Headers.Authorization);
            return AuthenticateAsync(token ?? throw Refused(NobodyNamed), cancellationToken);
        }

        if (AuthField(handshake, "userId") is { } named)
            return ChatIds.TryRead(named, out var id) ? BelieveAsync(id, cancellationToken) : throw Refused($"{NobodyNamed}: auth.userId {ChatIds.Rule}.");
        return BelieveAsync(handshake.Request.Query["userId"], "userId", cancellationToken);
    }

    /// <summary>
    /// Proves the user of an HTTP request: <c>Authorization: Bearer</c> with <see cref="AuthMode.Token"/>, <c>X-Chatpulse-User</c> with
    /// <see cref="AuthMode.UserId"/>.
    /// </summary>
    public ValueTask<UserIdentity> AuthenticateAsync(HttpRequest request, CancellationToken cancellationToken) => _tokens is not null
        ? AuthenticateAsync(BearerToken(request.Headers.Authorization) ?? throw Refused(NobodyNamed), cancellationToken)
        : BelieveAsync(request.Headers["X-Chatpulse-User"], "X-Chatpulse-User", cancellationToken);

    /// <summary>Proves the user whom a token names.</summary>
    /// <exception cref="ChatException"><c>unauthenticated</c>: it proves nobody; <c>invalid</c>: users are not proven by tokens here.</exception>
    public async ValueTask<UserIdentity> AuthenticateAsync(string token, CancellationToken cancellationToken)
    {
        if (_tokens is null)
            throw new ChatException(ChatErrorCodes.Invalid, "This server does not use tokens.");
        var identity = await _tokens.ValidateAsync(token);
        await _store.EnsureUserAsync(identity.UserId, identity.DisplayName, cancellationToken);
        return identity;
    }

    private ValueTask<UserIdentity> BelieveAsync(string? text, string source, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(text))
            throw Refused(NobodyNamed);
        return ChatIds.TryRead(text, out var id) ? BelieveAsync(id, cancellationToken) : throw Refused($"{NobodyNamed}: {source} {ChatIds.Rule}.");
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

    private static string? BearerToken(string? authorization) =>
        authorization is not null && authorization.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase)
            ? authorization[BearerPrefix.Length..].Trim()
            : null;

    private static ChatException Refused(string message) => new(ChatErrorCodes.Unauthenticated, message);
}
