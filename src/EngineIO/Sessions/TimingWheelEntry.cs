namespace EngineIO.Sessions;

/// <summary>Something that can be due; derive from it so that a time-out costs no further object.</summary>
public abstract class TimingWheelEntry
{
    internal TimingWheelEntry? Next { get; set; }

    internal TimingWheelEntry? Previous { get; set; }

    internal long DueTick { get; set; }

    internal int Slot { get; set; } = -1;

    /// <summary>
    /// Called on the wheel's thread: must not block. It may schedule its own or any other entry. What it throws is logged and goes no further.
    /// </summary>
    protected internal abstract void OnDue();
}
