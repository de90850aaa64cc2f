using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Rest;

/// <summary>Whether a caller may use a thread, in WordPress's words.</summary>
internal sealed class ThreadAccess(IChatStore store)
{
    /// <summary>Completes when the user may use the thread.</summary>
    /// <exception cref="RestException">
    /// 403 <c>rest_cannot_access_thread</c>, for a thread that does not exist as for one of other people: like the plugin, the answer
    /// does not tell a stranger which ids are taken.
    /// </exception>
    public async ValueTask CheckAsync(long userId, long threadId, CancellationToken cancellationToken)
    {
        try
        {
            await store.CheckAccessAsync(userId, threadId, cancellationToken);
        }
        catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.Forbidden or ChatErrorCodes.NotFound)
        {
            throw RestException.CannotAccessThread();
        }
    }
}
