using CsCheck;
using EngineIO.Sessions;
using Microsoft.Extensions.Time.Testing;

namespace EngineIO.Tests.Sessions;

public sealed class TimingWheelTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(256);

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(200)]
    [InlineData(999)]
    [InlineData(1000)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(14_999)]
    [InlineData(15_000)]
    [InlineData(25_000)]
    [InlineData(40_959)]
    [InlineData(40_960)]
    [InlineData(40_961)]
    [InlineData(300_000)]
    public void Entry_is_called_once_and_never_early(int milliseconds)
    {
        using var wheel = new TimingWheel(_time);
        var entry = new Entry(_time);
        _time.Advance(TimeSpan.FromMilliseconds(7));
        var start = _time.GetUtcNow();
        wheel.Schedule(entry, TimeSpan.FromMilliseconds(milliseconds));
        for (var at = 0; at < milliseconds + 300; at++)
            _time.Advance(TimeSpan.FromMilliseconds(1));
        var called = entry.Calls.ShouldHaveSingleItem() - start;
        called.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(milliseconds));
        called.ShouldBeLessThanOrEqualTo(TimeSpan.FromMilliseconds(milliseconds + milliseconds switch { < 1000 => 2, < 15_000 => 33, _ => 257 }));
    }

    [Fact]
    public void Entry_that_is_scheduled_again_is_moved()
    {
        using var wheel = new TimingWheel(_time);
        var entry = new Entry(_time);
        wheel.Schedule(entry, TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromMilliseconds(900));
        wheel.Schedule(entry, TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromMilliseconds(900));
        entry.Calls.ShouldBeEmpty();
        _time.Advance(TimeSpan.FromMilliseconds(200));
        entry.Calls.Count.ShouldBe(1);
        wheel.Schedule(entry, TimeSpan.FromSeconds(100));
        wheel.Schedule(entry, TimeSpan.FromMilliseconds(100));
        _time.Advance(TimeSpan.FromMilliseconds(200));
        entry.Calls.Count.ShouldBe(2);
    }

    [Fact]
    public void Cancelled_entry_is_not_called()
    {
        using var wheel = new TimingWheel(_time);
        var entry = new Entry(_time);
        wheel.Cancel(entry).ShouldBeFalse();
        wheel.Schedule(entry, TimeSpan.FromSeconds(1));
        wheel.Cancel(entry).ShouldBeTrue();
        wheel.Cancel(entry).ShouldBeFalse();
        _time.Advance(TimeSpan.FromMinutes(2));
        entry.Calls.ShouldBeEmpty();
    }

    [Fact]
    public void An_earlier_entry_is_called_before_a_later_one_that_was_there_first()
    {
        using var wheel = new TimingWheel(_time);
        var order = new List<string>();
        wheel.Schedule(new Entry(_time, _ => order.Add("late")), TimeSpan.FromSeconds(30));
        wheel.Schedule(new Entry(_time, _ => order.Add("early")), TimeSpan.FromSeconds(10));
        _time.Advance(TimeSpan.FromSeconds(10) + 2 * Step);
        order.ShouldBe(["early"]);
        _time.Advance(TimeSpan.FromSeconds(20) + 2 * Step);
        order.ShouldBe(["early", "late"]);
    }

    [Fact]
    public void Entry_may_schedule_itself_and_an_exception_goes_no_further()
    {
        var log = new Hosting.LogRecorder();
        using var wheel = new TimingWheel(_time, log.CreateLogger("wheel"));
        var again = new Entry(_time, entry => wheel.Schedule(entry, TimeSpan.FromMilliseconds(100)));
        wheel.Schedule(new Entry(_time, _ => throw new InvalidOperationException("on purpose")), TimeSpan.FromMilliseconds(100));
        wheel.Schedule(again, TimeSpan.FromMilliseconds(100));
        for (var i = 0; i < 100; i++)
            _time.Advance(Step);
        again.Calls.Count.ShouldBeGreaterThan(10);
        log.Entries.ShouldHaveSingleItem().Exception!.Message.ShouldBe("on purpose");
    }

    [Fact]
    public void Nothing_is_called_after_it_is_disposed()
    {
        var wheel = new TimingWheel(_time);
        var entry = new Entry(_time);
        wheel.Schedule(entry, TimeSpan.FromSeconds(1));
        wheel.Dispose();
        wheel.Schedule(entry, TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromMinutes(1));
        entry.Calls.ShouldBeEmpty();
        wheel.Dispose();
    }

    [Fact]
    public void Any_schedule_is_kept_by_twenty_thousand_entries()
    {
        using var wheel = new TimingWheel(_time);
        var random = new Random(5);
        var entries = Enumerable.Range(0, 20_000).Select(_ => (Entry: new Entry(_time), Delay: TimeSpan.FromMilliseconds(random.Next(0, 60_000)))).ToList();
        foreach (var (entry, delay) in entries)
            wheel.Schedule(entry, delay);
        var start = _time.GetUtcNow();
        for (var at = TimeSpan.Zero; at < TimeSpan.FromSeconds(61); at += Step)
            _time.Advance(Step);
        foreach (var (entry, delay) in entries)
        {
            entry.Calls.Count.ShouldBe(1);
            (entry.Calls[0] - start).ShouldBeInRange(delay, delay + 3 * Step);
        }
    }

    [Fact]
    public void Any_sequence_of_schedules_cancels_and_steps_does_what_a_plain_list_does()
    {
        // Delays on both sides of one turn of the wheel, steps from a fraction of a slot to more than a turn.
        var operation = Gen.Select(Gen.Int[0, 2], Gen.Int[0, 9], Gen.Int[0, 100_000]);
        operation.Array[1, 60].Sample(operations =>
        {
            var time = new FakeTimeProvider();
            using var wheel = new TimingWheel(time);
            var entries = Enumerable.Range(0, 10).Select(_ => new Entry(time)).ToArray();
            var due = new DateTimeOffset?[10];
            foreach (var (kind, index, value) in operations)
            {
                var entry = entries[index];
                switch (kind)
                {
                    case 0:
                        wheel.Schedule(entry, TimeSpan.FromMilliseconds(value));
                        due[index] = time.GetUtcNow() + TimeSpan.FromMilliseconds(value);
                        break;
                    case 1:
                        wheel.Cancel(entry).ShouldBe(due[index] is not null);
                        due[index] = null;
                        break;
                    default:
                        time.Advance(TimeSpan.FromMilliseconds(value));
                        for (var i = 0; i < entries.Length; i++)
                        {
                            var calls = entries[i].Calls.Count;
                            entries[i].Calls.Clear();
                            if (due[i] is not { } at || time.GetUtcNow() < at)
                                calls.ShouldBe(0);
                            else if (time.GetUtcNow() >= at + 2 * Step)
                                calls.ShouldBe(1);
                            if (calls > 0)
                                due[i] = null;
                        }

                        break;
                }
            }
        });
    }

    [Fact]
    public async Task Threads_that_schedule_and_cancel_at_once_lose_nothing()
    {
        using var wheel = new TimingWheel(TimeProvider.System);
        var entries = Enumerable.Range(0, 4).Select(_ => Enumerable.Range(0, 500).Select(_ => new Signal()).ToArray()).ToArray();
        await Task.WhenAll(entries.Select(mine => Task.Run(() =>
        {
            foreach (var entry in mine)
            {
                wheel.Schedule(entry, TimeSpan.FromSeconds(100));
                wheel.Cancel(entry).ShouldBeTrue();
                wheel.Schedule(entry, TimeSpan.FromMilliseconds(30));
            }
        })));
        await Task.WhenAll(entries.SelectMany(mine => mine).Select(entry => entry.Called)).WaitAsync(Hosting.EngineHost.Patience, TestContext.Current.CancellationToken);
    }

    private sealed class Entry(TimeProvider time, Action<Entry>? due = null) : TimingWheelEntry
    {
        public List<DateTimeOffset> Calls { get; } = [];

        protected internal override void OnDue()
        {
            Calls.Add(time.GetUtcNow());
            due?.Invoke(this);
        }
    }

    private sealed class Signal : TimingWheelEntry
    {
        private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Called => _called.Task;

        protected internal override void OnDue() => _called.SetResult();
    }
}
