using EngineIO.Transports;

namespace EngineIO.Sessions;

/// <summary>A WebSocket that is being tried out beside polling, with the time it has for it.</summary>
/// <remarks>Threading: the wheel calls <see cref="OnDue"/>, the WebSocket's reader the rest; only the wheel's entry is shared, and the wheel guards it.</remarks>
internal sealed class UpgradeAttempt(EngineSession session, WebSocketTransport transport, IEngineHost host) : TimingWheelEntry
{
    // The official server's interval. The client sends the final packet only when no poll is on its way any more.
    private static readonly TimeSpan PollFlushInterval = TimeSpan.FromMilliseconds(100);

    private readonly long _start = host.Time.GetTimestamp();
    private volatile bool _probed;
    private volatile bool _stopped;

    /// <summary>Starts the clock.</summary>
    public void Start() => host.Wheel.Schedule(this, host.Options.UpgradeTimeout);

    /// <summary>The probe has come: polls are ended with a noop at intervals until the upgrade is complete.</summary>
    public void OnProbe()
    {
        _probed = true;
        if (!_stopped)
            host.Wheel.Schedule(this, NextWait());
    }

    /// <summary>Stops the clock.</summary>
    public void Stop()
    {
        _stopped = true;
        host.Wheel.Cancel(this);
    }

    /// <summary>The session has ended: the transport goes too.</summary>
    public void Abandon()
    {
        Stop();
        transport.Abort();
    }

    protected internal override void OnDue()
    {
        if (_stopped)
            return;
        if (Remaining() <= TimeSpan.Zero)
        {
            session.FailUpgrade(this);
            transport.Abort();
            return;
        }

        if (_probed)
            session.Polling?.Nudge();
        host.Wheel.Schedule(this, NextWait());
    }

    private TimeSpan Remaining() => host.Options.UpgradeTimeout - host.Time.GetElapsedTime(_start);

    private TimeSpan NextWait()
    {
        var remaining = Remaining();
        return _probed && PollFlushInterval < remaining ? PollFlushInterval : remaining;
    }
}
