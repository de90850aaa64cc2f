using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Chat;

// What waits in a channel.
internal sealed partial class ThreadChannel
{
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

        /// <summary>Tells it if it is stored, and lets the caller go on. Never throws: what telling throws is the caller's.</summary>
        public void Complete()
        {
            try
            {
                if (_failure is null)
                    tell();
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

    /// <summary>Something to be run once, by the loop.</summary>
    internal sealed class Step(Action action, bool mayOvertake) : Work
    {
        private bool _begun;

        /// <summary>Whether it need not wait for a slow store.</summary>
        public bool MayOvertake => mayOvertake;

        /// <summary>Runs it, unless it has been run: one that has overtaken is met again where it waited.</summary>
        public void Run()
        {
            if (_begun)
                return;
            _begun = true;
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
