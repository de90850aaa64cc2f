using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores;

/// <summary>A store of this server's own, whose REST routes this server serves itself: what these need to know besides.</summary>
/// <remarks>As <see cref="IChatStore"/>.</remarks>
internal interface IEmbeddedStore : IChatStore
{
    /// <summary>The thread of a message; the user must be in it, and nothing is made.</summary>
    ValueTask<long> ThreadOfAsync(long userId, long messageId, CancellationToken cancellationToken);

    /// <summary>Which of these messages are in the thread, by id. Whether the user may know is for the caller to have checked.</summary>
    ValueTask<IReadOnlyList<long>> MessagesInThreadAsync(long threadId, IReadOnlyList<long> messageIds, CancellationToken cancellationToken);

    /// <summary>One thread as the user sees it, who must be in it; nothing is made.</summary>
    ValueTask<ChatThread> ThreadAsync(long userId, long threadId, CancellationToken cancellationToken);
}
