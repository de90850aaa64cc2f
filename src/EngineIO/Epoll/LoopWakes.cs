namespace EngineIO.Epoll;

/// <summary>Event loops that were given writes by what is due on the clock, and are woken once for all of them.</summary>
/// <remarks>
/// Threading: the clock's thread alone, but its next run may begin while this one ends: the lock guards the list. To make each write on that thread was rejected: the
/// client's answer would wake the loop once for each, and on a busy processor that costs more than the write.
/// </remarks>
internal sealed class LoopWakes
{
    private readonly Lock _gate = new();
    private readonly List<EpollLoop> _loops = [];

    /// <summary>A loop was given a write.</summary>
    public void Add(EpollLoop loop)
    {
        lock (_gate)
        {
            if (!_loops.Contains(loop))
                _loops.Add(loop);
        }
    }

    /// <summary>Wakes those that were given something since the last time.</summary>
    public void WakeAll()
    {
        lock (_gate)
        {
            foreach (var loop in _loops)
                loop.Wake();
            _loops.Clear();
        }
    }
}
