namespace Chatpulse.Server.Chat;

/// <summary>
/// Changes of messages that are there. What the store answers to one is the whole message, and of two such answers the one told last must be the one stored
/// last: so changes that may meet on a message (<see cref="ChangeScope"/>) are stored one after the other, and the others side by side.
/// </summary>
internal sealed partial class ThreadChannel
{
    private const int MaxUpdatesRemembered = 1_024;

    private readonly Queue<Change> _waitingChanges = new();
    private readonly List<Change> _changing = [];

    // Guarded by _telling.
    private readonly Queue<ChatMessage> _updates = new();
    private bool _runningChanges;
    private long _updatesTold;

    /// <summary>This moment, for <see cref="UpdatesSince"/>; anyone asks.</summary>
    public long UpdateMark => Interlocked.Read(ref _updatesTold);

    /// <summary>Changes messages in the store and has it told; completes when both are done, or throws what the store refused and tells nothing.</summary>
    /// <param name="scope">Which messages it may change.</param>
    /// <param name="store">Changes them.</param>
    /// <param name="tell">Tells it, with <see cref="RememberUpdate"/> for each message.</param>
    public Task ChangeAsync(ChangeScope scope, Func<ValueTask> store, Action tell)
    {
        var change = new Change(scope, store, tell);
        lock (_lock)
        {
            if (_waitingChanges.Count >= MaxWaiting)
                throw TooManyWaiting();
            _waitingChanges.Enqueue(change);
            if (_runningChanges)
                return change.Completion.Task;
            _runningChanges = true;
        }

        _ = RunChangesAsync();
        return change.Completion.Task;
    }

    /// <summary>For use where something is told: remembers the message as it is now, for those who are joining.</summary>
    public void RememberUpdate(ChatMessage message)
    {
        _updates.Enqueue(message);
        if (_updates.Count > MaxUpdatesRemembered)
            _updates.Dequeue();
        Interlocked.Increment(ref _updatesTold);
    }

    /// <summary>For use in <see cref="RunAsync"/>: the updates told since the mark was taken; null when one of them is no longer remembered.</summary>
    public IEnumerable<ChatMessage>? UpdatesSince(long mark)
    {
        var count = _updatesTold - mark;
        return count <= _updates.Count ? _updates.Skip(_updates.Count - (int)count) : null;
    }

    private async Task RunChangesAsync()
    {
        while (TakeChanges())
        {
            await Task.WhenAll(_changing.ConvertAll(change => change.StoreAsync()));
            foreach (var change in _changing)
                change.Complete(_telling);
            _changing.Clear();
        }
    }

    // As many as may be stored side by side; false when none waits.
    private bool TakeChanges()
    {
        lock (_lock)
        {
            while (_changing.Count < MaxRound
                && _waitingChanges.TryPeek(out var next)
                && !_changing.Exists(earlier => earlier.Scope.Meets(next.Scope)))
                _changing.Add(_waitingChanges.Dequeue());
            return _runningChanges = _changing.Count > 0;
        }
    }

    private sealed class Change(ChangeScope scope, Func<ValueTask> store, Action tell) : Work
    {
        private Exception? _failure;

        public ChangeScope Scope { get; } = scope;

        /// <summary>Completes when the store has answered; never throws.</summary>
        public async Task StoreAsync()
        {
            try
            {
                await store();
            }
            catch (Exception failure)
            {
                _failure = failure;
            }
        }

        /// <summary>Tells it if it is stored, and lets the caller go on. Never throws.</summary>
        public void Complete(Lock telling) => Complete(_failure, telling, tell);
    }
}
