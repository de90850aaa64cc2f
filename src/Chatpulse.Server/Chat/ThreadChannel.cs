using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Chat;

/// <summary>
/// One thread's order of events: messages are told in the order of their ids, changes of a message in the order in which they were stored and never before
/// the message, and something that must happen between two messages can be put there.
/// </summary>
/// <remarks>
/// Threading: anyone calls; <see cref="_lock"/> guards the queues. One loop at a time takes from the queue, and only it stores, tells and touches what
/// is remembered. It works in rounds: everything that waits is handed to the store at once, so that the store can write it in one transaction; when all
/// of the round is stored it is told by id, and then the next round begins. Ids of a later round are higher, because its calls began after the earlier
/// ones had ended. Rejected: one message at a time (a transaction each), and telling each as soon as it is stored (ids of different senders would cross).
/// Other threads are not held up. What must not wait for a slow store (<see cref="Post"/>, <see cref="Overtake"/>) is run by the same loop while it waits for
/// the round. Changes have a loop of their own, so that no message waits for them (ThreadChannel.Changes.cs). <see cref="_telling"/> is held while something
/// is told: nobody hears of a change before the message, and a join comes between two of them.
/// </remarks>
internal sealed partial class ThreadChannel(long threadId, IChatStore store, Action<ThreadChannel.Send> tell, TimeProvider timeProvider)
{
    private const int MaxWaiting = 4_096;
    private const int MaxRound = 256;
    private const int MaxRemembered = 256;

    // A store that refuses faster than this can be asked for each message.
    private static readonly TimeSpan SlowRefusal = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Lock _telling = new();
    private readonly Queue<Work> _waiting = new();
    private readonly Queue<ChatMessage> _remembered = new();
    private readonly List<Send> _round = [];
    private List<Step> _overtaking = [];
    private TaskCompletionSource? _overtaken;
    private long _forgottenId;
    private bool _running;

    /// <summary>The thread.</summary>
    public long ThreadId { get; } = threadId;

    /// <summary>How many have the channel in use; guarded by the table that holds it.</summary>
    public int Users { get; set; }

    /// <summary>Stores a message and has it told; completes when both are done, with <see cref="Send.Stored"/> set. Throws what the store refused.</summary>
    public Task SendAsync(Send send)
    {
        Enqueue(send);
        return send.Completion.Task;
    }

    /// <summary>Runs something between two rounds: everything stored before is told, nothing is being stored. It must not block.</summary>
    public Task RunAsync(Action action) => Post(action, mayOvertake: false).Completion.Task;

    /// <summary>As <see cref="RunAsync"/>, and answers the step, for <see cref="Overtake"/>.</summary>
    public Step Post(Action action, bool mayOvertake)
    {
        var step = new Step(action, mayOvertake);
        Enqueue(step);
        return step;
    }

    /// <summary>
    /// Has a step run now, and before it those posted earlier that may overtake too, although a round that began before them is not stored yet. Nothing happens
    /// when it has been run.
    /// </summary>
    public void Overtake(Step step)
    {
        lock (_lock)
        {
            foreach (var earlier in _waiting.OfType<Step>().Where(waiting => waiting.MayOvertake))
            {
                _overtaking.Add(earlier);
                if (earlier == step)
                    break;
            }

            _overtaken?.TrySetResult();
        }
    }

    /// <summary>
    /// Whether a message of the sender is being stored, or waits for it, that a message stored elsewhere may be: the one of the same <c>tempId</c>, or any where
    /// the site does not know that.
    /// </summary>
    public bool IsSending(long senderId, string? tempId)
    {
        lock (_lock)
            return _round.Exists(MayBe) || _waiting.OfType<Send>().Any(MayBe);

        bool MayBe(Send send) =>
            send.Message.SenderId == senderId && (tempId is null || string.Equals(send.Message.TempId, tempId, StringComparison.Ordinal));
    }

    /// <summary>For use in <see cref="RunAsync"/>: remembers a message that is told there, for those who are joining.</summary>
    public void Remember(ChatMessage message)
    {
        _remembered.Enqueue(message);
        if (_remembered.Count > MaxRemembered)
            _forgottenId = Math.Max(_forgottenId, _remembered.Dequeue().Id);
    }

    /// <summary>
    /// For use in <see cref="RunAsync"/>: the messages told since the channel is in use with a higher id than <paramref name="id"/>; null when
    /// one of them is no longer remembered.
    /// </summary>
    public IEnumerable<ChatMessage>? ToldAfter(long id) => id >= _forgottenId ? _remembered.Where(message => message.Id > id) : null;

    private void Enqueue(Work work)
    {
        lock (_lock)
        {
            if (_waiting.Count >= MaxWaiting)
                throw TooManyWaiting();
            _waiting.Enqueue(work);
            if (_running)
                return;
            _running = true;
        }

        _ = RunLoopAsync();
    }

    private async Task RunLoopAsync()
    {
        while (TakeRound() is var step)
        {
            if (step is not null)
                step.Run(_telling);
            else if (_round.Count > 0)
                await RunRoundAsync();
            else
                return;
        }
    }

    // A step, or messages in _round, or neither when nothing waits.
    private Step? TakeRound()
    {
        lock (_lock)
        {
            while (_round.Count < MaxRound && _waiting.TryPeek(out var next))
            {
                if (next is Send send)
                {
                    _waiting.Dequeue();
                    _round.Add(send);
                }
                else if (_round.Count == 0)
                {
                    return (Step)_waiting.Dequeue();
                }
                else
                {
                    break;
                }
            }

            if (_round.Count == 0)
                _running = false;
            return null;
        }
    }

    private async Task RunRoundAsync()
    {
        var begun = timeProvider.GetTimestamp();
        // Begun in the order of the queue, which the store keeps for each sender.
        var stored = Task.WhenAll(_round.ConvertAll(send => send.StoreAsync(store)));
        while (!stored.IsCompleted)
        {
            Task overtaken;
            lock (_lock)
            {
                _overtaken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                overtaken = _overtaking.Count > 0 ? Task.CompletedTask : _overtaken.Task;
            }

            await Task.WhenAny(stored, overtaken);
            RunOvertaking();
        }

        Send[] round;
        lock (_lock)
        {
            round = [.. _round];
            _round.Clear();
        }

        Array.Sort(round, static (a, b) => Nullable.Compare(a.Stored?.Message.Id, b.Stored?.Message.Id));
        foreach (var send in round)
        {
            if (send.Stored is { AlreadyStored: false } message)
                Remember(message.Message);
            send.Complete(tell, _telling);
        }

        // What waited meanwhile waited for a store that does not answer: its senders hear so now, and not after a time-out of their own.
        if (Array.TrueForAll(round, static send => send.StoreIsUnavailable) && timeProvider.GetElapsedTime(begun) >= SlowRefusal)
        {
            var refusal = new ChatException(ChatErrorCodes.Unavailable, "The store does not answer; try again.", round[0].Failure);
            foreach (var send in TakeWaitingSends())
                send.Refuse(refusal);
        }
    }

    private List<Send> TakeWaitingSends()
    {
        lock (_lock)
        {
            List<Send> sends = [.. _waiting.OfType<Send>()];
            Work[] others = [.. _waiting.Where(static work => work is not Send)];
            _waiting.Clear();
            foreach (var other in others)
                _waiting.Enqueue(other);
            return sends;
        }
    }

    private void RunOvertaking()
    {
        List<Step> steps;
        lock (_lock)
        {
            (steps, _overtaking) = (_overtaking, []);
            _overtaken = null;
        }

        foreach (var step in steps)
            step.Run(_telling);
    }

    private static ChatException TooManyWaiting() => new(ChatErrorCodes.Unavailable, "Too much is waiting in this thread; try again.");
}
