using System.Runtime.InteropServices;
using EngineIO.Transports;

namespace EngineIO.Sessions;

/// <content>Who has to go when what waits for all clients together is too much.</content>
/// <remarks>
/// Closing whoever happens to be sent to was rejected, and so was an equal share for each: with many stalled clients the share is so small that a healthy one
/// exceeds it for a moment. All sessions are looked at instead, which is rare: each time a sixteenth of the budget is given back.
/// </remarks>
public sealed partial class EngineServer
{
    // A healthy client may be without progress for the time of a lost packet; one for which a second is not enough holds what others could use.
    private static readonly TimeSpan StalledAfter = TimeSpan.FromSeconds(1);

    // Ending a session writes, and a write that does not complete asks for relief.
    [ThreadStatic]
    private static bool _isRelieving;

    // One at a time: who comes second finds that enough has been given up already. Nothing is written or told while it is held.
    private readonly Lock _relief = new();

    void IEngineHost.RelieveQueues()
    {
        if (!_budget.IsSpent || _isRelieving)
            return;
        _isRelieving = true;
        try
        {
            foreach (var (_, session) in _sessions)
                session.WritePutOff();
            foreach (var (session, ending) in EvictSlowest())
                session.FinishEnd(ending, PollEnding.Close, notifyLater: true);
        }
        finally
        {
            _isRelieving = false;
        }
    }

    private List<(EngineSession Session, SessionEnding Ending)> EvictSlowest()
    {
        List<(EngineSession, SessionEnding)> evicted = [];
        lock (_relief)
        {
            if (!_budget.IsSpent)
                return evicted;
            List<Holder> holders = [];
            foreach (var (_, session) in _sessions)
            {
                if (session.Backlog is (> 0, _) backlog)
                    holders.Add(new Holder(session, backlog.Bytes, backlog.StalledFor));
            }

            holders.Sort(static (one, other) => Holder.Compare(other, one));
            foreach (var holder in holders)
            {
                if (_budget.IsRelieved)
                    break;
                if (holder.Session.TryBeginEnd(CloseReason.SlowConsumer, exception: null) is { } ending)
                    evicted.Add((holder.Session, ending));
            }
        }

        return evicted;
    }

    /// <summary>A session that holds something.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Holder(EngineSession Session, long Bytes, TimeSpan StalledFor)
    {
        private bool IsStalled => StalledFor >= StalledAfter;

        /// <summary>The greater one has to go first.</summary>
        public static int Compare(Holder one, Holder other)
        {
            if (one.IsStalled != other.IsStalled)
                return one.IsStalled ? 1 : -1;
            return one.IsStalled ? (one.Bytes * one.StalledFor.TotalSeconds).CompareTo(other.Bytes * other.StalledFor.TotalSeconds) : one.Bytes.CompareTo(other.Bytes);
        }
    }
}
