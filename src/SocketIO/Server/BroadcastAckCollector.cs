using EngineIO.Sessions;
using SocketIO.Protocol;

namespace SocketIO.Server;

/// <summary>
/// Gathers the answers to a broadcast until all have come or the time is over. Answers come from any thread, and may come
/// before the number of those asked is known; the lock guards the counts and the list.
/// </summary>
internal sealed class BroadcastAckCollector<T>(TimingWheel wheel) : TimingWheelEntry
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<BroadcastAcks<T>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<T> _answers = [];
    private int _servers;
    private int _expected;
    private int _finished;

    /// <summary>Waits for every answer. Disposes the source of answers at the end, whichever it is.</summary>
    internal async Task<BroadcastAcks<T>> Wait(IDisposable source, int servers, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using (source)
        {
            lock (_gate) _servers += servers;
            if (timeout != Timeout.InfiniteTimeSpan) wheel.Schedule(this, timeout);
            Finish(timedOut: false, onlyIfComplete: true);
            try
            {
                return await _done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                wheel.Cancel(this);
            }
        }
    }

    internal void OnClientCount(int count)
    {
        lock (_gate)
        {
            _servers--;
            _expected += count;
        }

        Finish(timedOut: false, onlyIfComplete: true);
    }

    internal void OnAnswer(EventArguments? arguments)
    {
        T? answer = default;
        var fits = false;
        try
        {
            if (arguments is not null)
            {
                answer = arguments.Get<T>(0);
                fits = true;
            }
        }
        catch (InvalidPayloadException)
        {
            // One client's wrong answer must not take away the others'.
        }

        lock (_gate)
        {
            _finished++;
            if (fits) _answers.Add(answer!);
        }

        Finish(timedOut: false, onlyIfComplete: true);
    }

    protected override void OnDue() => Finish(timedOut: true, onlyIfComplete: false);

    private void Finish(bool timedOut, bool onlyIfComplete)
    {
        BroadcastAcks<T> result;
        lock (_gate)
        {
            if (onlyIfComplete && (_servers != 0 || _finished < _expected)) return;
            result = new BroadcastAcks<T>([.. _answers], _expected, timedOut);
        }

        _done.TrySetResult(result);
    }
}
