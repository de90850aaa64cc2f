using EngineIO.Transports;

namespace EngineIO.Sessions;

/// <content>The change from polling to WebSocket.</content>
public sealed partial class EngineSession
{
    /// <summary>The transport in use if it is polling, else null.</summary>
    internal PollingTransport? Polling
    {
        get
        {
            lock (Gate)
                return _transport as PollingTransport;
        }
    }

    /// <summary>Whether this is the transport in use. Under <see cref="Gate"/> only.</summary>
    internal bool IsCurrent(ITransport transport) => ReferenceEquals(_transport, transport);

    /// <summary>Whether an upgrade has begun and not ended. Under <see cref="Gate"/> only.</summary>
    internal bool IsUpgrading => _upgrade is not null;

    /// <summary>Begins an upgrade to <paramref name="transport"/>. Null when the session has ended, is being upgraded or has been.</summary>
    internal UpgradeAttempt? BeginUpgrade(WebSocketTransport transport)
    {
        var attempt = new UpgradeAttempt(this, transport, _host);
        lock (Gate)
        {
            if (_state != SessionState.Open || _upgrade is not null || _transport is not PollingTransport)
                return null;
            _upgrade = attempt;
        }

        attempt.Start();
        return attempt;
    }

    /// <summary>
    /// Puts the probed transport in the place of polling. From here on the queue goes out over it, in order; a poll that waits is ended. False
    /// when the session or the attempt has ended. Completes when a POST that is being handled is done, so that there is one reader at a time.
    /// </summary>
    internal async ValueTask<bool> CompleteUpgradeAsync(UpgradeAttempt attempt, WebSocketTransport transport)
    {
        PollingTransport polling;
        bool write;
        lock (Gate)
        {
            if (!ReferenceEquals(_upgrade, attempt) || _state == SessionState.Closed || _transport is not PollingTransport current)
                return false;
            polling = current;
            _upgrade = null;
            transport.Attach(this);
            _transport = transport;
            Queue.MarkProgress();

            // Nobody else can have claimed a transport that was not in use. A loop's round puts the write off.
            write = transport.TryClaimWrite(direct: null);
        }

        attempt.Stop();
        polling.End(PollEnding.Upgraded);
        _host.OnUpgraded(this, succeeded: true);
        if (write)
            transport.Write(direct: null);
        await polling.WhenPostedAsync();
        return true;
    }

    /// <summary>Gives the upgrade up; the session stays on polling.</summary>
    internal void FailUpgrade(UpgradeAttempt attempt)
    {
        lock (Gate)
        {
            if (!ReferenceEquals(_upgrade, attempt))
                return;
            _upgrade = null;
        }

        attempt.Stop();
        _host.OnUpgraded(this, succeeded: false);
    }
}
