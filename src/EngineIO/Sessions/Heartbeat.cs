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

    private int _phase;

    /// <summary>Schedules the first ping, unless the application has closed the session while it was told of it.</summary>
    public void Start()
    {
        if (Volatile.Read(ref _phase) == WaitingToPing)
            host.Wheel.Schedule(this, host.Options.PingInterval);
    }

    /// <summary>The client has answered: the next ping is due an interval from now. A pong that nobody asked for changes nothing.</summary>
    public void OnPong()
    {
        if (Interlocked.CompareExchange(ref _phase, WaitingToPing, WaitingForPong) == WaitingForPong)
            host.Wheel.Schedule(this, host.Options.PingInterval);
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
                if (Interlocked.CompareExchange(ref _phase, WaitingForPong, WaitingToPing) != WaitingToPing)
                    return;
                host.Wheel.Schedule(this, host.Options.PingTimeout);
                session.SendControl(Ping);
                break;
            case WaitingForPong:
                // The pong may be there, unread, behind the message that the application still handles.
                if (session.IsHandling)
                    host.Wheel.Schedule(this, host.Options.PingTimeout);
                else
                    session.End(CloseReason.PingTimeout, exception: null);
                break;
            case Closing:
                session.OnDrained();
                break;
        }
    }

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
