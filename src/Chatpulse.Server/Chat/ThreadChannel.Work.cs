using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Chat;

// What waits in a channel.
internal sealed partial class ThreadChannel
{
    /// <summary>Something that waits its turn.</summary>
    internal abstract class Work
    {
        /// <summary>Continuations run elsewhere: a loop never runs its callers' code.</summary>
        public TaskCompletionSource Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Tells it unless it has failed, and lets the caller go on. Never throws: what telling throws is the caller's.</summary>
        protected void Complete(Exception? failure, Lock telling, Action tell)
        {
            try
            {
                if (failure is null)
                {
                    lock (telling)
                        tell();
                }
            }
            catch (Exception thrown)
            {
                failure = thrown;
            }

            if (failure is null)
                Completion.SetResult();
            else
                Completion.SetException(failure);
        }
    }

    /// <summary>A message to be stored and told.</summary>
    internal sealed class Send(NewMessage message, SocketIO.Server.Socket? sender) : Work
    {
        /// <summary>What is stored.</summary>
        public NewMessage Message { get; } = message;

        /// <summary>The connection it came by; null when it came by REST.</summary>
        public SocketIO.Server.Socket? Sender { get; } = sender;

        /// <summary>The stored message; null until then, and when it failed.</summary>
        public StoredMessage? Stored { get; private set; }

        /// <summary>Why it failed; null when it did not.</summary>
        public Exception? Failure { get; private set; }

        /// <summary>Whether it failed because the store cannot be reached or cannot write.</summary>
        public bool StoreIsUnavailable => Failure is ChatException { Code: ChatErrorCodes.Unavailable };

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
                Failure = failure;
            }
        }

        /// <summary>Tells it if it is stored, and lets the caller go on. Never throws.</summary>
        public void Complete(Action<Send> tell, Lock telling) => Complete(Failure, telling, () => tell(this));

        /// <summary>Lets the caller go on with a failure, without trying.</summary>
        public void Refuse(Exception failure) => Completion.SetException(failure);
    }

    /// <summary>Something to be run once, by the loop.</summary>
    internal sealed class Step(Action action, bool mayOvertake) : Work
    {
        private bool _begun;

        /// <summary>Whether it need not wait for a slow store.</summary>
        public bool MayOvertake => mayOvertake;

        /// <summary>Runs it, unless it has been run: one that has overtaken is met again where it waited.</summary>
        public void Run(Lock telling)
        {
            if (_begun)
                return;
            _begun = true;
            Complete(failure: null, telling, action);
        }
    }
}
