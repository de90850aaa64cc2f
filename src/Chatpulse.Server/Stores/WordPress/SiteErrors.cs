using System.Globalization;
using System.Text.Json;
using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>What the site's errors are to those who chat.</summary>
internal static class SiteErrors
{
    // What a stock site allows is 60 messages in a minute, and it does not say when the minute ends.
    private static readonly TimeSpan UsualRetryAfter = TimeSpan.FromSeconds(60);

    /// <summary>The refusal that an error means.</summary>
    /// <param name="error">What the site said.</param>
    /// <param name="ownCredentials">Whether the call was made with the user's own cookie and nonce, so that a 401 is about them.</param>
    public static ChatException ToChat(SiteErrorException error, bool ownCredentials)
    {
        if (error.Code is "rest_cookie_invalid_nonce" || (error.Status == StatusCodes.Status401Unauthorized && ownCredentials))
            return new ChatException(ChatErrorCodes.Unauthenticated, "WordPress no longer takes this login; sign in again.", error);
        return error.Status switch
        {
            StatusCodes.Status400BadRequest when error.Code is "too_many_reactions" => new ChatException(ChatErrorCodes.TooLarge, error.Message, error),
            // Clients know the field by another name.
            StatusCodes.Status400BadRequest => new ChatException(
                ChatErrorCodes.Invalid, error.Message.Replace("attachment_ids", "attachments", StringComparison.Ordinal), error),
            StatusCodes.Status401Unauthorized => new ChatException(ChatErrorCodes.Unavailable, "The WordPress site refuses this server; its log says why.", error),
            StatusCodes.Status403Forbidden => new ChatException(ChatErrorCodes.Forbidden, error.Message, error),
            StatusCodes.Status404NotFound when error.Code is "rest_no_route" => new ChatException(
                ChatErrorCodes.Unavailable, "The WordPress site does not know this call; its plugin may have been changed just now. Try again.", error),
            StatusCodes.Status404NotFound => new ChatException(ChatErrorCodes.NotFound, error.Message, error),
            StatusCodes.Status413PayloadTooLarge => new ChatException(ChatErrorCodes.TooLarge, error.Message, error),
            StatusCodes.Status429TooManyRequests => new ChatException(ChatErrorCodes.RateLimited, error.Message, error)
            {
                RetryAfterMs = (long)(error.RetryAfter ?? UsualRetryAfter).TotalMilliseconds,
            },
            >= 500 => new ChatException(ChatErrorCodes.Unavailable, "The WordPress site failed; try again.", error),
            _ => new ChatException(
                ChatErrorCodes.Unavailable,
                string.Create(CultureInfo.InvariantCulture, $"The WordPress site answered with status {error.Status}; try again."),
                error),
        };
    }

    /// <summary>The error of one operation of a batch; null when it was done.</summary>
    public static SiteErrorException? Of(BatchResult result)
    {
        if (result.Status is >= 200 and < 300)
            return null;
        SiteError? error = null;
        if (result.Body.ValueKind == JsonValueKind.Object)
        {
            try
            {
                error = result.Body.Deserialize(SiteJson.Default.SiteError);
            }
            catch (JsonException)
            {
                // Said as if nothing had been.
            }
        }

        return new SiteErrorException(result.Status, error?.Code ?? "unknown", error?.Message ?? "The site did not say why.") { RetryAfter = error?.RetryAfter };
    }
}
