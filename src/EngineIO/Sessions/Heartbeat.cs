using EngineIO.Protocol;
using EngineIO.Transports;

namespace EngineIO.Sessions;

/// <summary>The pings of one session, its pong deadline and, once it closes, the deadline for that: one entry in the wheel.</summary>
/// <remarks>
/// Threading: the wheel calls <see cref="OnDue"/>, the reader <see cref="OnPong"/>, anybody the rest. The phase is an atomic value, and a call that comes late finds
/// a phase in which it has nothing to do; a pong that crosses the deadline is decided by who changes the phase first.
/// </remarks>
internal sealed class Heartbeat(EngineSession session, IEngineHost host) : TimingWheelEntry
{
    private const int WaitingToPing = 0;
    private const int WaitingForPong = 1;
    private const int Closing = 2;
    private const int Stopped = 3;

    private static readonly OutboundMessage Ping = OutboundMessage.Packet(PacketType.Ping, []);

    // A ping that leaves this little too late, as is usual on this clock, does not lengthen the client's time: what is promised is interval and time-out together. When
    // the server itself was held up for longer, the client gets its whole time-out.
    private static readonly TimeSpan Lateness = TimeSpan.FromMilliseconds(300);

    private int _phase;
    private long _pingDue;
    private long _deadline;

    /// <summary>Schedules the first ping, unless the application has closed the session while it was told of it.</summary>
    public void Start()
    {
        if (Volatile.Read(ref _phase) == WaitingToPing)
            SchedulePing();
    }

    /// <summary>Whether the deadline has passed, even if the wheel has not come to it yet: a request must not find a session that should be gone.</summary>
    public bool IsOverdue =>
        Volatile.Read(ref _phase) == WaitingForPong && host.Time.GetTimestamp() >= Volatile.Read(ref _deadline) && !session.IsHandling;

    /// <summary>The client has answered: the next ping is due an interval from now. A pong that nobody asked for changes nothing.</summary>
    public void OnPong()
    {
        if (Interlocked.CompareExchange(ref _phase, WaitingToPing, WaitingForPong) == WaitingForPong)
            SchedulePing();
    }

    /// <summary>The session is to end when its queue is empty, or when the time for that is over.</summary>
    public void StartClosing()
    {
        if (TryEnter(Closing))
            host.Wheel.Schedule(this, host.Options.CloseTimeout);
    }

    /// <summary>The session has ended.</summary>
    public void Stop()
    {
        Volatile.Write(ref _phase, Stopped);
        host.Wheel.Cancel(this);
    }

    protected internal override void OnDue()
    {
        switch (Volatile.Read(ref _phase))
        {
            case WaitingToPing:
                var late = host.Time.GetElapsedTime(_pingDue);
                var timeout = host.Options.PingTimeout;
                var wait = late < Lateness && late < timeout / 4 ? timeout - late : timeout;
                Volatile.Write(ref _deadline, After(wait));
                if (Interlocked.CompareExchange(ref _phase, WaitingForPong, WaitingToPing) != WaitingToPing)
                    return;
                host.Wheel.Schedule(this, wait);
                session.SendPing(Ping);
                break;
            case WaitingForPong:
                // The pong may be there, unread, behind the message that the application still handles.
                if (session.IsHandling)
                {
                    Volatile.Write(ref _deadline, After(host.Options.PingTimeout));
                    host.Wheel.Schedule(this, host.Options.PingTimeout);
                }
                else
                {
                    session.End(CloseReason.PingTimeout, exception: null, notifyLater: true);
                }

                break;
            case Closing:
                session.OnDrained(notifyLater: true);
                break;
        }
    }

    private void SchedulePing()
    {
        _pingDue = After(host.Options.PingInterval);
        host.Wheel.Schedule(this, host.Options.PingInterval);
    }

    /// <summary>The time stamp that long from now.</summary>
    private long After(TimeSpan delay) => host.Time.GetTimestamp() + (long)(delay.TotalSeconds * host.Time.TimestampFrequency);

    private bool TryEnter(int phase)
    {
        while (true)
        {
            var current = Volatile.Read(ref _phase);
            if (current >= phase)
                return false;
            if (Interlocked.CompareExchange(ref _phase, phase, current) == current)
                return true;
        }
    }
}
