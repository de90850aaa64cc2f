namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>Holds requests before anything is done with them, until it is disposed.</summary>
internal sealed class SiteGate(Func<SeenRequest, bool> holds) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<SeenRequest> _held = [];
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The requests that have come to it, in their order.</summary>
    public IReadOnlyList<SeenRequest> Held
    {
        get
        {
            lock (_lock)
                return [.. _held];
        }
    }

    /// <summary>Completes when so many requests have come to it.</summary>
    public async Task WaitForAsync(int count, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task news;
            lock (_lock)
            {
                if (_held.Count >= count)
                    return;
                news = _news.Task;
            }

            await news.WaitAsync(TimeSpan.FromMinutes(2), cancellationToken);
        }
    }

    /// <summary>Lets a request pass, at once or when the gate is opened.</summary>
    public Task PassAsync(SeenRequest request, CancellationToken cancellationToken)
    {
        if (_opened.Task.IsCompleted || !holds(request))
            return Task.CompletedTask;
        lock (_lock)
        {
            _held.Add(request);
            _news.SetResult();
            _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return _opened.Task.WaitAsync(cancellationToken);
    }

    public void Dispose() => _opened.TrySetResult();
}
