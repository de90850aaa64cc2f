using System.Text;
using System.Threading.Channels;
using EngineIO.Sessions;
using EngineIO.Transports;

namespace EngineIO.Tests.Hosting;

/// <summary>An application that keeps what happens; what it does with a message can be set.</summary>
internal sealed class RecordingApplication : IEngineApplication
{
    private readonly Channel<RecordedSession> _opened = Channel.CreateUnbounded<RecordedSession>();

    public Action<EngineSession>? Opening { get; init; }

    public Func<RecordedSession, ReadOnlyMemory<byte>, bool, ValueTask>? Handling { get; init; }

    public Action<RecordedSession>? Closing { get; init; }

    /// <summary>An application that sends everything back.</summary>
    public static RecordingApplication Echo() => new()
    {
        Handling = (session, data, binary) =>
        {
            session.Session.Send(binary ? OutboundMessage.Binary(data.Span) : OutboundMessage.Text(data.Span));
            return ValueTask.CompletedTask;
        },
    };

    public IEngineSessionHandler OnOpened(EngineSession session)
    {
        Opening?.Invoke(session);
        var recorded = new RecordedSession(this, session);
        _opened.Writer.TryWrite(recorded);
        return recorded;
    }

    /// <summary>The next session that is opened.</summary>
    public async Task<RecordedSession> NextAsync() =>
        await _opened.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(EngineHost.Patience);

    public sealed class RecordedSession(RecordingApplication application, EngineSession session) : IEngineSessionHandler
    {
        private readonly Channel<string> _messages = Channel.CreateUnbounded<string>();
        private readonly TaskCompletionSource<(CloseReason Reason, Exception? Exception)> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _closedCount;
        private int _inside;

        public EngineSession Session => session;

        public int ClosedCount => _closedCount;

        /// <summary>Whether the application was ever called by two at a time.</summary>
        public bool Overlapped { get; private set; }

        public bool HasMessage => _messages.Reader.TryPeek(out _);

        public async ValueTask OnMessageAsync(ReadOnlyMemory<byte> data, bool binary)
        {
            Enter();
            _messages.Writer.TryWrite(binary ? "b:" + Convert.ToHexString(data.Span) : Encoding.UTF8.GetString(data.Span));
            if (application.Handling is { } handling)
                await handling(this, data, binary);
            Interlocked.Decrement(ref _inside);
        }

        public void OnClosed(CloseReason reason, Exception? exception)
        {
            Enter();
            Interlocked.Increment(ref _closedCount);
            application.Closing?.Invoke(this);
            _closed.TrySetResult((reason, exception));
        }

        /// <summary>The next message: text as it is, binary as hexadecimal digits after <c>b:</c>.</summary>
        public async Task<string> NextAsync() =>
            await _messages.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(EngineHost.Patience);

        public Task<(CloseReason Reason, Exception? Exception)> ClosedAsync() => _closed.Task.WaitAsync(EngineHost.Patience, TestContext.Current.CancellationToken);

        public async Task<CloseReason> ClosedReasonAsync() => (await ClosedAsync()).Reason;

        private void Enter()
        {
            if (Interlocked.Increment(ref _inside) > 1)
                Overlapped = true;
        }
    }
}
