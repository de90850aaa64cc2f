using System.Numerics;
using Microsoft.Extensions.Logging;

namespace EngineIO.Sessions;

/// <summary>One clock for very many time-outs: scheduling and cancelling cost O(1), and nothing runs while nothing is due.</summary>
/// <remarks>
/// Threading: every member may be called from any thread. One lock guards the slots, the list of what is due and the timer's
/// setting; it is held for a few pointer moves and never while an entry is called. Entries are called one after the other on a
/// thread of the pool, so an entry is never called twice at the same time. A timer for each connection was rejected: twenty
/// thousand of them cost more than the connections' idle life. An entry is never called early. A delay of less than a second is kept to
/// about a millisecond; a longer one may be called up to 32 ms late, and one of 15 s or more, as those of heartbeats are, up to 256 ms. So the timer wakes at most four times a
/// second for any number of idle connections: each time costs a thread of the pool that wakes, looks for more work and sleeps again, as much as several pings.
/// </remarks>
public sealed partial class TimingWheel : IDisposable
{
    // A slot is a millisecond and a turn of the wheel 33 s, more than an interval between pings: a longer delay is looked at once each turn until it is due, and a
    // look at each of very many idle sessions is dearer than the 256 KB of the slots.
    private const int SlotCount = 32_768;
    private const int SlotMask = SlotCount - 1;
    private const int DueSlot = SlotCount;
    private const int NoSlot = -1;
    private const long NotArmed = long.MaxValue;
    private const int CoarseTicks = 32;
    private const int CoarsestTicks = 256;

    // What entries put off does not wait longer than for so many others.
    private const int EntriesPerBatch = 256;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan CoarseFrom = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CoarsestFrom = TimeSpan.FromSeconds(15);

    // Far enough for any time-out, near enough that adding it to the present cannot overflow.
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(3650);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ILogger? _logger;
    private readonly Action? _afterBatch;
    private readonly long _start;
    private readonly ITimer _timer;
    private readonly TimingWheelEntry?[] _slots = new TimingWheelEntry?[SlotCount + 1];
    private readonly ulong[] _occupied = new ulong[SlotCount / 64];
    private TimingWheelEntry? _dueTail;
    private long _current;
    private long _armed = NotArmed;
    private bool _running;
    private bool _disposed;

    /// <summary>Makes a wheel on a clock.</summary>
    /// <param name="timeProvider">Where time and the one timer come from.</param>
    /// <param name="logger">Told of an entry that throws; without it the exception is dropped, for it must not end the process.</param>
    public TimingWheel(TimeProvider timeProvider, ILogger? logger = null)
        : this(timeProvider, logger, afterBatch: null)
    {
    }

    /// <summary>Makes a wheel whose entries may put something off.</summary>
    /// <param name="timeProvider">Where time and the one timer come from.</param>
    /// <param name="logger">Told of an entry that throws.</param>
    /// <param name="afterBatch">Called on the entries' thread when all that were due have been called, and in between when they are many. Must not throw.</param>
    internal TimingWheel(TimeProvider timeProvider, ILogger? logger, Action? afterBatch)
    {
        ArgumentNullException.ThrowIfNull(timeProvider);
        _time = timeProvider;
        _logger = logger;
        _afterBatch = afterBatch;
        _start = timeProvider.GetTimestamp();
        _timer = timeProvider.CreateTimer(static state => ((TimingWheel)state!).RunDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Calls the entry's <see cref="TimingWheelEntry.OnDue"/> once, not before <paramref name="delay"/>; an entry that is already scheduled is moved.
    /// </summary>
    /// <param name="entry">What to call. It belongs to this wheel as long as it is scheduled.</param>
    /// <param name="delay">Zero or less is as soon as possible; more than ten years is ten years.</param>
    /// <remarks>After <see cref="Dispose"/> it does nothing.</remarks>
    public void Schedule(TimingWheelEntry entry, TimeSpan delay)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (delay > LongestDelay)
            delay = LongestDelay;
        lock (_gate)
        {
            if (_disposed)
                return;
            Unlink(entry);
            var elapsed = _time.GetElapsedTime(_start);

            // A tick must have passed entirely before it is run, so what is due within a tick waits for that tick's end.
            var due = (elapsed + delay).Ticks;
            var tick = Math.Max((due + Tick.Ticks - 1) / Tick.Ticks, Math.Max(_current, elapsed.Ticks / Tick.Ticks) + 1);
            if (delay >= CoarseFrom)
            {
                var step = delay >= CoarsestFrom ? CoarsestTicks : CoarseTicks;
                tick = (tick + step - 1) / step * step;
            }

            entry.DueTick = tick;
            Link(entry, (int)(tick & SlotMask));
            if (!_running && tick < _armed)
                Arm(tick, elapsed);
        }
    }

    /// <summary>Takes the entry out. False when it was not scheduled, or is being called.</summary>
    public bool Cancel(TimingWheelEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        lock (_gate)
        {
            if (entry.Slot == NoSlot)
                return false;
            Unlink(entry);
            return true;
        }
    }

    /// <summary>Stops the clock: nothing that is scheduled will be called any more.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            Array.Clear(_slots);
            Array.Clear(_occupied);
        }

        _timer.Dispose();
    }

    private void RunDue()
    {
        lock (_gate)
        {
            if (_running || _disposed)
                return;
            _running = true;
            _armed = NotArmed;
        }

        var called = 0;
        while (TakeDue() is { } entry)
        {
            try
            {
                entry.OnDue();
            }
            catch (Exception exception)
            {
                if (_logger is not null)
                    LogEntryFailed(_logger, exception, entry.GetType().Name);
            }

            if (++called % EntriesPerBatch == 0)
                _afterBatch?.Invoke();
        }

        _afterBatch?.Invoke();
    }

    /// <summary>The next entry to call; when there is none, arms the timer for the next occupied slot and ends the run.</summary>
    private TimingWheelEntry? TakeDue()
    {
        lock (_gate)
        {
            if (_disposed)
                return null;
            if (_slots[DueSlot] is null)
                CollectDue(_time.GetElapsedTime(_start).Ticks / Tick.Ticks);
            if (_slots[DueSlot] is { } entry)
            {
                Unlink(entry);
                return entry;
            }

            _running = false;
            var distance = DistanceToOccupied();
            if (distance > 0)
                Arm(_current + distance, _time.GetElapsedTime(_start));
            return null;
        }
    }

    private void CollectDue(long now)
    {
        var turns = Math.Min(now - _current, SlotCount);
        for (var i = 1; i <= turns; i++)
        {
            var slot = (int)((_current + i) & SlotMask);
            var entry = _slots[slot];
            while (entry is not null)
            {
                var next = entry.Next;
                if (entry.DueTick <= now)
                {
                    Unlink(entry);
                    Append(entry);
                }

                entry = next;
            }
        }

        _current = Math.Max(_current, now);
    }

    /// <summary>Ticks from the current one to the next slot with an entry (which may be of a later turn), or 0 if all are empty.</summary>
    private int DistanceToOccupied()
    {
        var from = (int)((_current + 1) & SlotMask);
        for (var i = 0; i <= _occupied.Length; i++)
        {
            var word = (from / 64 + i) % _occupied.Length;
            var bits = _occupied[word];
            if (i == 0)
                bits &= ulong.MaxValue << (from % 64);
            else if (i == _occupied.Length)
                bits &= (1UL << (from % 64)) - 1;
            if (bits != 0)
                return ((word * 64 + BitOperations.TrailingZeroCount(bits) - from + SlotCount) & SlotMask) + 1;
        }

        return 0;
    }

    private void Arm(long tick, TimeSpan elapsed)
    {
        _armed = tick;

        // Whole milliseconds, rounded up: timers count in them, and waking early would only mean waking twice.
        var wait = Math.Max(1, Math.Ceiling((tick * Tick - elapsed).TotalMilliseconds));
        _timer.Change(TimeSpan.FromMilliseconds(wait), Timeout.InfiniteTimeSpan);
    }

    private void Link(TimingWheelEntry entry, int slot)
    {
        var head = _slots[slot];
        entry.Slot = slot;
        entry.Previous = null;
        entry.Next = head;
        if (head is not null)
            head.Previous = entry;
        _slots[slot] = entry;
        _occupied[slot / 64] |= 1UL << (slot % 64);
    }

    private void Append(TimingWheelEntry entry)
    {
        entry.Slot = DueSlot;
        entry.Next = null;
        entry.Previous = _dueTail;
        if (_dueTail is null)
            _slots[DueSlot] = entry;
        else
            _dueTail.Next = entry;
        _dueTail = entry;
    }

    private void Unlink(TimingWheelEntry entry)
    {
        var slot = entry.Slot;
        if (slot == NoSlot)
            return;
        if (entry.Previous is { } previous)
            previous.Next = entry.Next;
        else
            _slots[slot] = entry.Next;
        if (entry.Next is { } next)
            next.Previous = entry.Previous;
        else if (slot == DueSlot)
            _dueTail = entry.Previous;
        if (slot != DueSlot && _slots[slot] is null)
            _occupied[slot / 64] &= ~(1UL << (slot % 64));
        entry.Next = entry.Previous = null;
        entry.Slot = NoSlot;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "{Entry} failed when it was due")]
    private static partial void LogEntryFailed(ILogger logger, Exception exception, string entry);
}
