using Chatpulse.Server.Identity;

namespace Chatpulse.Server.Chat.Events;

/// <summary><c>auth_refresh</c>: a new token, or a new nonce of the site, for the connection's own user, in place.</summary>
internal sealed class IdentityEvents(Authenticator authenticator, WordPressLoginWatch watch) : IEventFamily
{
    /// <inheritdoc />
    public IEnumerable<KeyValuePair<string, Func<ChatRequest, ValueTask>>> Handlers => [new(IdentityExpiry.Event, RefreshAsync)];

    private async ValueTask RefreshAsync(ChatRequest request)
    {
        var connection = request.Connection;
        var identity = await authenticator.RefreshAsync(connection.Identity, request.Payload, CancellationToken.None);
        connection.Refresh(identity);
        if (identity.Credentials is not null)
            watch.Watch(connection);

        // Seen by the sign-out, or seen here: one that came before the new proof was taken up has not ended this connection.
        if (authenticator.HasSignedOut(identity))
            connection.EndSignedOut();
        request.Ack.Send(new Wire.Refreshed(identity.ExpiresAt is { } expiresAt ? ChatTime.Format(expiresAt) : null));
    }
}
