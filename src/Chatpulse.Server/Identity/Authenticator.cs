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
public sealed class Authenticator(ServerSettings settings, IChatStore store, TimeProvider timeProvider)
{
    /// <summary>Proves the user of a connection from its <c>auth</c>, its query or its headers.</summary>
    public ValueTask<UserIdentity> AuthenticateAsync(SocketHandshake handshake, CancellationToken cancellationToken) =>
        throw new NotImplementedException($"{settings} {store} {timeProvider}");

    /// <summary>
    /// Proves the user of an HTTP request: <c>Authorization: Bearer</c> with <see cref="AuthMode.Token"/>, <c>X-Chatpulse-User</c> with
    /// <see cref="AuthMode.UserId"/>.
    /// </summary>
    public ValueTask<UserIdentity> AuthenticateAsync(HttpRequest request, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Proves the user whom a token names.</summary>
    public ValueTask<UserIdentity> AuthenticateAsync(string token, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
