using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>Has what one user sends to one thread done one after the other, in the order of the calls: a site stores two that come together in any order.</summary>
/// <remarks>
/// Threading: anyone calls; the lock guards who is last in each line. Different lines do not wait for each other. Who finds their line empty
/// begins before the call returns.
/// </remarks>
internal sealed class SendOrder
{
    /// <summary>Sends that are under way or wait in all lines; over it a send is <c>unavailable</c>.</summary>
    public const int MaxWaiting = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(long Sender, long Thread), Task> _last = [];
    private int _count;

    /// <summary>Runs something when everything before it in its line has ended.</summary>
    public async Task<T> RunAsync<T>((long Sender, long Thread) line, Func<Task<T>> work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task? before;
        lock (_lock)
        {
            if (_count >= MaxWaiting)
                throw new ChatException(ChatErrorCodes.Unavailable, "Too many messages are waiting for the WordPress site; try again.");
            _count++;
            before = _last.GetValueOrDefault(line);
            _last[line] = done.Task;
        }

        try
        {
            if (before is not null)
                await before;
            return await work();
        }
        finally
        {
            lock (_lock)
            {
                _count--;
                if (ReferenceEquals(_last[line], done.Task))
                    _last.Remove(line);
            }

            done.SetResult();
        }
    }
}
