using EngineIO.Sessions;
using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>
/// One answer that the server waits for: a task, and its own entry in the timing wheel. Whoever takes it out of the socket's
/// table completes it, so it is completed once.
/// </summary>
internal sealed class PendingAck(Socket socket, long id, string eventName) : TimingWheelEntry, IAckReceiver
{
    // Continuations are the application's code: they must not run on the reader's or the wheel's thread.
    private readonly TaskCompletionSource<EventArguments> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenRegistration _cancellation;

#pragma warning disable VSTHRD003 // It is the task of this object's own completion source.
    internal Task<EventArguments> Task => _answer.Task;
#pragma warning restore VSTHRD003

    internal void Start(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (timeout != Timeout.InfiniteTimeSpan) socket.Server.Engine.Wheel.Schedule(this, timeout);
        if (cancellationToken.CanBeCanceled)
            _cancellation = cancellationToken.UnsafeRegister(static (state, token) => ((PendingAck)state!).OnCanceled(token), this);

        // It may have been answered before it was scheduled: whoever comes second, this or the answer, sees the other and stops.
        if (_answer.Task.IsCompleted) Stop();
    }

    public void OnAnswer(EventArguments arguments)
    {
        _answer.TrySetResult(arguments);
        Stop();
    }

    public void OnDisconnected()
    {
        _answer.TrySetException(new SocketDisconnectedException($"The socket was disconnected before it answered \"{eventName}\"."));
        Stop();
    }

    protected override void OnDue()
    {
        if (!socket.Forget(id)) return;
        _cancellation.Unregister();
        _answer.TrySetException(new TimeoutException($"The client did not answer \"{eventName}\" in time."));
    }

    private void OnCanceled(CancellationToken token)
    {
        if (!socket.Forget(id)) return;
        socket.Server.Engine.Wheel.Cancel(this);
        _answer.TrySetCanceled(token);
    }

    private void Stop()
    {
        socket.Server.Engine.Wheel.Cancel(this);
        _cancellation.Unregister();
    }
}
