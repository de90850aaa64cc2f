using System.Globalization;
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
    // A few operations whose answers are too long are found among the most that a batch has; a site that answers nothing else is not asked for ever.
    private const int MaxParts = 20;
    private const int MaxWaitingWeight = 64 * 1024 * 1024;
    private const int OperationWeight = 512;

    // What belongs together comes together: a round of a thread's messages, the receipts of those who read them.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(3);

    // Those who were answered are about to write again: when fewer wait than were answered, they wait for them.
    private static readonly TimeSpan Regathering = TimeSpan.FromMilliseconds(10);

    // Nobody waits for a mark of delivery: it goes along with what somebody waits for, or by itself after this.
    private static readonly TimeSpan PatientGathering = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly LinkedList<Pending> _waiting = new();
    private readonly HashSet<(long User, long Thread)> _underWay = [];
    private int _waitingWeight;
    private int _urgent;
    private int _batches;
    private bool _gathering;
    private bool _gatheringPatiently;

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
    /// a whole failed, both within the time-out since <paramref name="takenAt"/>. The order of the calls is the order in which one user's operations in one thread are done.
    /// </summary>
    /// <param name="operation">What is to be done.</param>
    /// <param name="takenAt">When the server took it; null for now.</param>
    public Task<BatchResult> AddAsync(SiteOperation operation, long? takenAt = null)
    {
        var pending = new Pending(operation, Weigh(operation), takenAt ?? timeProvider.GetTimestamp());
        lock (_lock)
        {
            if (_waiting.Count >= MaxWaiting || _waitingWeight > MaxWaitingWeight - pending.Weight)
                throw new ChatException(ChatErrorCodes.Unavailable, "Too many writes are waiting for the WordPress site; try again.");
            _waiting.AddLast(pending);
            _waitingWeight += pending.Weight;
            if (pending.IsUrgent)
                _urgent++;
            if (_batches >= site.MaxBatches)
                return pending.Completion.Task;
            if (pending.IsUrgent)
                GatherSoon(Gathering);
            else
                GatherPatiently();
        }

        return pending.Completion.Task;
    }

    // Inside the lock, like the next.
    private void GatherSoon(TimeSpan pause)
    {
        if (_gathering)
            return;
        _gathering = true;
        _ = GatherAsync(pause, () => _gathering = false, patientToo: false);
    }

    private void GatherPatiently()
    {
        if (_gatheringPatiently)
            return;
        _gatheringPatiently = true;
        _ = GatherAsync(PatientGathering, () => _gatheringPatiently = false, patientToo: true);
    }

    private async Task GatherAsync(TimeSpan pause, Action over, bool patientToo)
    {
        await Task.Delay(pause, timeProvider);
        List<Pending> batch;
        lock (_lock)
        {
            over();
            batch = TakeBatch(patientToo);
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
                if (_urgent > 0 && _urgent < batch.Count)
                {
                    GatherSoon(Regathering);
                    return;
                }

                batch = TakeBatch(patientToo: false);
            }
        }
    }

    // Inside the lock.
    private List<Pending> TakeBatch(bool patientToo)
    {
        RefuseLate();
        var batch = new List<Pending>();
        if (_batches >= site.MaxBatches)
            return batch;
        if (_urgent == 0 && !patientToo)
        {
            if (_waiting.Count > 0)
                GatherPatiently();
            return batch;
        }

        var weight = 0;
        HashSet<(long, long)>? taken = null;
        HashSet<(long, long)>? left = null;
        for (var node = _waiting.First; node is not null && batch.Count < MaxOperations;)
        {
            var (pending, next) = (node.Value, node.Next);
            var fits = batch.Count == 0 || weight + pending.Weight <= MaxBatchWeight;
            if (fits && !_underWay.Contains(pending.Key) && left?.Contains(pending.Key) != true)
            {
                Remove(node);
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

    // What has waited for most of the time-out would be answered after it: it is refused now, unsent, so that a refusal means that it was not stored.
    private void RefuseLate()
    {
        for (var node = _waiting.First; node is not null;)
        {
            var (pending, next) = (node.Value, node.Next);
            if (Age(pending) > site.TimeOut * 0.75)
            {
                Remove(node);
                pending.Completion.SetException(
                    new ChatException(ChatErrorCodes.Unavailable, "The WordPress site is too slow for what is written to it; try again."));
            }

            node = next;
        }
    }

    private void Remove(LinkedListNode<Pending> node)
    {
        _waiting.Remove(node);
        _waitingWeight -= node.Value.Weight;
        if (node.Value.IsUrgent)
            _urgent--;
    }

    private TimeSpan Age(Pending pending) => timeProvider.GetElapsedTime(pending.TakenAt);

    private Task SendAsync(List<Pending> batch) => SendAsync(batch, repeated: false, new Parts(MaxParts));

    // What is too long to be read is done: it is asked for again in halves, neither of which fails with the other, and one alone once more, which answers shortly
    // that nothing of it is new.
    private async Task SendAsync(List<Pending> batch, bool repeated, Parts parts)
    {
        try
        {
            await CallAsync(batch, repeated);
        }
        catch (ChatException failure) when ((batch.Count > 1 || !repeated) && failure.InnerException is SiteFailureException { IsTooLong: true } && parts.TryTake())
        {
            var half = (batch.Count + 1) / 2;
            await SendAsync(batch.GetRange(0, half), repeated: true, parts);
            if (half < batch.Count)
                await SendAsync(batch.GetRange(half, batch.Count - half), repeated: true, parts);
        }
        catch (Exception failure)
        {
            foreach (var pending in batch)
                pending.Completion.TrySetException(failure);
        }
    }

    private async Task CallAsync(List<Pending> batch, bool repeated)
    {
        var request = new BatchRequest(batch.ConvertAll(pending => pending.Operation));
        var call = SiteCall.WithJson(HttpMethod.Post, $"{apiNamespace}/batch", SiteCaller.Server, request, SiteJson.Default.BatchRequest) with
        {
            Repeatable = true,
            IsBatch = true,
            // The one that has waited longest was promised an answer within the time-out.
            Deadline = TimeSpan.FromTicks(Math.Max(TimeSpan.TicksPerMillisecond, (site.TimeOut - batch.Max(Age)).Ticks)),
            MaxAnswerBytes = SiteCall.MessagesAnswer,
        };
        var called = await site.CallAsync(call, SiteJson.Default.BatchAnswer, CancellationToken.None);
        var results = called.Body.Results;
        if (results is null || results.Count != batch.Count)
        {
            throw WordPressSite.Unavailable(new SiteFailureException(
                $"POST {apiNamespace}/batch answered {results?.Count ?? 0} results for {batch.Count} operations", mayBeDone: true, passing: false));
        }

        NoteWrites(results);
        for (var i = 0; i < batch.Count; i++)
            batch[i].Completion.SetResult(repeated || called.Repeated ? results[i] with { Repeated = true } : results[i]);
    }

    // One that fails alone says nothing about the site.
    private void NoteWrites(List<BatchResult> results)
    {
        if (results.Exists(static result => result.Status < 300))
            site.NoteWrites(failure: null);
        else if (results.Find(static result => result.Status >= 500) is { } failed && SiteErrors.Of(failed) is { } error)
            site.NoteWrites(string.Create(CultureInfo.InvariantCulture, $"The WordPress site cannot store: {error.Status} {error.Code}: {error.Message}"));
    }

    private static int Weigh(SiteOperation operation) =>
        OperationWeight
        + (operation.Content is { } content ? Encoding.UTF8.GetByteCount(content) : 0)
        + (OperationWeight * (operation.MessageIds?.Count ?? 0));

    /// <summary>How often a batch may still be divided. Used by one call after the other.</summary>
    private sealed class Parts(int left)
    {
        private int _left = left;

        public bool TryTake() => _left-- > 0;
    }

    private sealed class Pending(SiteOperation operation, int weight, long takenAt)
    {
        public SiteOperation Operation { get; } = operation;

        public int Weight { get; } = weight;

        public long TakenAt { get; } = takenAt;

        public bool IsUrgent { get; } = !string.Equals(operation.Op, "deliver", StringComparison.Ordinal);

        public (long User, long Thread) Key => (Operation.User, Operation.ThreadId);

        // Callers go on elsewhere: the loop that answers one must not run another's code first.
        public TaskCompletionSource<BatchResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
