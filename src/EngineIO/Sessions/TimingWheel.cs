namespace EngineIO.Sessions;

/// <summary>One clock for very many time-outs: scheduling and cancelling cost O(1), and nothing runs while nothing is due.</summary>
public sealed class TimingWheel : IDisposable
{
    /// <summary>Makes a wheel on a clock.</summary>
    public TimingWheel(TimeProvider timeProvider) => throw new NotImplementedException();

    /// <summary>Calls the entry's <see cref="TimingWheelEntry.OnDue"/> once, not before <paramref name="delay"/>; an entry that is already scheduled is moved.</summary>
    public void Schedule(TimingWheelEntry entry, TimeSpan delay) => throw new NotImplementedException();

    /// <summary>Takes the entry out. False when it was not scheduled, or is being called.</summary>
    public bool Cancel(TimingWheelEntry entry) => throw new NotImplementedException();

    /// <inheritdoc />
    public void Dispose() => throw new NotImplementedException();
}

/// <summary>Something that can be due; derive from it so that a time-out costs no further object.</summary>
public abstract class TimingWheelEntry
{
    /// <summary>Called on the wheel's thread: must not block.</summary>
    protected internal abstract void OnDue();
}
