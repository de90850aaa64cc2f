using System.Text;
using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// Gathers what is to be written and gives it to the site in batches: starting WordPress is what a call costs, and up to <see cref="MaxOperations"/> writes
/// share it. While a batch is under way the next one fills; an operation is answered with its own result, whatever became of the others.
/// </summary>
/// <remarks>
/// Threading: anyone adds; the lock guards the queue and what is under way. Operations of one user in one thread keep their order: while a batch with one
/// of them is under way, the others are left for a later batch. Nothing runs a batch's callers inside the lock. A batch is repeated by
/// <see cref="WordPressSite"/> when its answer was lost, which is harmless: every send in it has a <c>client_id</c>, and the rest sets what is set already.
/// </remarks>
internal sealed class BatchQueue(WordPressSite site, string apiNamespace, TimeProvider timeProvider)
{
    /// <summary>Operations in one batch.</summary>
    public const int MaxOperations = 200;

    /// <summary>Operations that wait; over it a call is <c>unavailable</c>.</summary>
    public const int MaxWaiting = 10_000;

    // The answer repeats the content, with every character escaped in the worst case, and must fit into what is read of an answer.
    private const int MaxBatchWeight = 512 * 1024;
    private const int MaxWaitingWeight = 64 * 1024 * 1024;
    private const int OperationWeight = 512;

    // What belongs together comes together: a round of a thread's messages, the receipts of those who read them.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(3);

    private readonly Lock _lock = new();
    private readonly LinkedList<Pending> _waiting = new();
    private readonly HashSet<(long User, long Thread)> _underWay = [];
    private int _waitingWeight;
    private int _batches;
    private bool _gathering;

    /// <summary>Operations that wait for a batch.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>
    /// Has an operation done by the next batch; completes with its result, errors among them. Throws <c>unavailable</c> when too much waits or when the batch as
    /// a whole failed. The order of the calls is the order in which one user's operations in one thread are done.
    /// </summary>
    public Task<BatchResult> AddAsync(SiteOperation operation)
    {
        site.ThrowIfRefused();
        var pending = new Pending(operation, Weigh(operation));
        lock (_lock)
        {
            if (_waiting.Count >= MaxWaiting || _waitingWeight > MaxWaitingWeight - pending.Weight)
                throw new ChatException(ChatErrorCodes.Unavailable, "Too many writes are waiting for the WordPress site; try again.");
            _waiting.AddLast(pending);
            _waitingWeight += pending.Weight;
            if (_gathering || _batches >= site.MaxBatches)
                return pending.Completion.Task;
            _gathering = true;
        }

        _ = GatherAsync();
        return pending.Completion.Task;
    }

    private async Task GatherAsync()
    {
        await Task.Delay(Gathering, timeProvider);
        List<Pending> batch;
        lock (_lock)
        {
            _gathering = false;
            batch = TakeBatch();
        }

        if (batch.Count > 0)
            await RunAsync(batch);
    }

    // One loop a batch under way: when it is answered, what has gathered meanwhile goes next.
    private async Task RunAsync(List<Pending> batch)
    {
        while (batch.Count > 0)
        {
            await SendAsync(batch);
            lock (_lock)
            {
                _batches--;
                foreach (var done in batch)
                    _underWay.Remove(done.Key);
                batch = TakeBatch();
            }
        }
    }

    // Inside the lock.
    private List<Pending> TakeBatch()
    {
        var batch = new List<Pending>();
        if (_batches >= site.MaxBatches)
            return batch;
        var weight = 0;
        HashSet<(long, long)>? taken = null;
        HashSet<(long, long)>? left = null;
        for (var node = _waiting.First; node is not null && batch.Count < MaxOperations;)
        {
            var (pending, next) = (node.Value, node.Next);
            var fits = batch.Count == 0 || weight + pending.Weight <= MaxBatchWeight;
            if (fits && !_underWay.Contains(pending.Key) && left?.Contains(pending.Key) != true)
            {
                _waiting.Remove(node);
                _waitingWeight -= pending.Weight;
                weight += pending.Weight;
                batch.Add(pending);
                (taken ??= []).Add(pending.Key);
            }
            else if (!fits)
            {
                // A smaller one further back must not overtake one of the same user here.
                (left ??= []).Add(pending.Key);
            }

            node = next;
        }

        if (batch.Count == 0)
            return batch;
        _underWay.UnionWith(taken!);
        _batches++;
        return batch;
    }

    private async Task SendAsync(List<Pending> batch)
    {
        try
        {
            var request = new BatchRequest(batch.ConvertAll(pending => pending.Operation));
            var call = SiteCall.WithJson(HttpMethod.Post, $"{apiNamespace}/batch", SiteCaller.Server, request, SiteJson.Default.BatchRequest) with
            {
                Repeatable = true,
                IsBatch = true,
                MaxAnswerBytes = SiteCall.MessagesAnswer,
            };
            var answer = await site.CallAsync(call, SiteJson.Default.BatchAnswer, CancellationToken.None);
            var results = answer.Body.Results;
            if (results is null || results.Count != batch.Count)
            {
                throw WordPressSite.Unavailable(new SiteFailureException(
                    $"POST {apiNamespace}/batch answered {results?.Count ?? 0} results for {batch.Count} operations", mayBeDone: true, passing: false));
            }

            for (var i = 0; i < batch.Count; i++)
                batch[i].Completion.SetResult(answer.Repeated ? results[i] with { Repeated = true } : results[i]);
        }
        catch (Exception failure)
        {
            foreach (var pending in batch)
                pending.Completion.TrySetException(failure);
        }
    }

    private static int Weigh(SiteOperation operation) =>
        OperationWeight
        + (operation.Content is { } content ? Encoding.UTF8.GetByteCount(content) : 0)
        + (OperationWeight * (operation.MessageIds?.Count ?? 0));

    private sealed class Pending(SiteOperation operation, int weight)
    {
        public SiteOperation Operation { get; } = operation;

        public int Weight { get; } = weight;

        public (long User, long Thread) Key => (Operation.User, Operation.ThreadId);

        // Callers go on elsewhere: the loop that answers one must not run another's code first.
        public TaskCompletionSource<BatchResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
