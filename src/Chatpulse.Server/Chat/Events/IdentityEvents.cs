using Chatpulse.Server.Identity;

namespace Chatpulse.Server.Chat.Events;

/// <summary><c>auth_refresh</c>: a new token for the connection's own user, in place.</summary>
internal sealed class IdentityEvents(Authenticator authenticator) : IEventFamily
{
    /// <inheritdoc />
    public IEnumerable<KeyValuePair<string, Func<ChatRequest, ValueTask>>> Handlers => [new(TokenExpiry.Event, RefreshAsync)];

    private async ValueTask RefreshAsync(ChatRequest request)
    {
        var identity = await authenticator.AuthenticateAsync(request.Payload.Text("token"), CancellationToken.None);
        if (identity.UserId != request.UserId)
            throw new ChatException(ChatErrorCodes.Forbidden, "The token is another user's.");
        // Tokens always expire, and where they are used every connection has one.
        var expiresAt = identity.ExpiresAt!.Value;
        request.Connection.Expiry!.Set(expiresAt);
        request.Ack.Send(new Wire.Refreshed(ChatTime.Format(expiresAt)));
    }
}
