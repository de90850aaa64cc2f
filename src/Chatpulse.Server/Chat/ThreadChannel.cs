using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Chat;

/// <summary>
/// One thread's order of events: messages are told in the order of their ids, and something that must happen between two messages can be put there.
/// </summary>
/// <remarks>
/// Threading: anyone calls; <see cref="_lock"/> guards the queue. One loop at a time takes from the queue, and only it stores, tells and touches what
/// is remembered. It works in rounds: everything that waits is handed to the store at once, so that the store can write it in one transaction; when all
/// of the round is stored it is told by id, and then the next round begins. Ids of a later round are higher, because its calls began after the earlier
/// ones had ended. Rejected: one message at a time (a transaction each), and telling each as soon as it is stored (ids of different senders would cross).
/// Other threads are not held up.
/// </remarks>
internal sealed class ThreadChannel(long threadId, IChatStore store, Action<ThreadChannel.Send> tell)
{
    private const int MaxWaiting = 4_096;
    private const int MaxRound = 256;
    private const int MaxRemembered = 256;

    private readonly Lock _lock = new();
    private readonly Queue<Work> _waiting = new();
    private readonly Queue<ChatMessage> _remembered = new();
    private readonly List<Send> _round = [];
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
    public Task RunAsync(Action action)
    {
        var step = new Step(action);
        Enqueue(step);
        return step.Completion.Task;
    }

    /// <summary>For use in <see cref="RunAsync"/>: remembers a message that is told there, for those who are joining.</summary>
    public void Remember(ChatMessage message)
    {
        _remembered.Enqueue(message);
        if (_remembered.Count > MaxRemembered)
            _forgottenId = _remembered.Dequeue().Id;
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
                throw new ChatException(ChatErrorCodes.Unavailable, "Too many messages are waiting in this thread; try again.");
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
                step.Run();
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
        // Begun in the order of the queue, which the store keeps for each sender.
        await Task.WhenAll(_round.ConvertAll(send => send.StoreAsync(store)));
        _round.Sort(static (a, b) => Nullable.Compare(a.Stored?.Message.Id, b.Stored?.Message.Id));
        foreach (var send in _round)
        {
            if (send.Stored is { AlreadyStored: false } stored)
                Remember(stored.Message);
            send.Complete(tell);
        }

        _round.Clear();
    }

    /// <summary>Something that waits its turn.</summary>
    internal abstract class Work
    {
        /// <summary>Continuations run elsewhere: the loop never runs its callers' code.</summary>
        public TaskCompletionSource Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>A message to be stored and told.</summary>
    internal sealed class Send(NewMessage message, SocketIO.Server.Socket? sender) : Work
    {
        private Exception? _failure;

        /// <summary>What is stored.</summary>
        public NewMessage Message { get; } = message;

        /// <summary>The connection it came by; null when it came by REST.</summary>
        public SocketIO.Server.Socket? Sender { get; } = sender;

        /// <summary>The stored message; null until then, and when it failed.</summary>
        public StoredMessage? Stored { get; private set; }

        /// <summary>
        /// Completes when the store has answered; never throws. Not cancelled with the connection: a message that was accepted is stored though its sender
        /// has gone.
        /// </summary>
        public async Task StoreAsync(IChatStore store)
        {
            try
            {
                Stored = await store.SendAsync(Message, CancellationToken.None);
            }
            catch (Exception failure)
            {
                _failure = failure;
            }
        }

        /// <summary>Tells it if it is stored, and lets the caller go on. Never throws: what telling throws is the caller's.</summary>
        public void Complete(Action<Send> tell)
        {
            try
            {
                if (Stored is not null)
                    tell(this);
            }
            catch (Exception failure)
            {
                _failure = failure;
            }

            if (_failure is null)
                Completion.SetResult();
            else
                Completion.SetException(_failure);
        }
    }

    private sealed class Step(Action action) : Work
    {
        public void Run()
        {
            try
            {
                action();
                Completion.SetResult();
            }
            catch (Exception failure)
            {
                Completion.SetException(failure);
            }
        }
    }
}
