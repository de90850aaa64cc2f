using Chatpulse.Server.Stores.WordPress;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores.WordPress;

public sealed class CircuitBreakerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _clock = new();
    private readonly CircuitBreaker _breaker;

    public CircuitBreakerTests() => _breaker = new CircuitBreaker(_clock);

    [Fact]
    public async Task Failures_in_a_row_open_it_and_an_answer_in_between_starts_the_count_again()
    {
        for (var i = 1; i < CircuitBreaker.FailuresToOpen; i++)
            Fail().ShouldBeFalse();
        Answer();
        for (var i = 1; i < CircuitBreaker.FailuresToOpen; i++)
            Fail().ShouldBeFalse();

        (await EnterAsync()).ShouldBe(CircuitBreaker.Pass.Normal);
        Fail().ShouldBeTrue();

        _breaker.Refuses.ShouldBeTrue();
    }

    [Fact]
    public void One_time_out_in_which_nobody_was_answered_opens_it()
    {
        _breaker.End(CircuitBreaker.Pass.Normal, CircuitBreaker.Outcome.Silent).ShouldBeTrue();

        _breaker.IsOpen.ShouldBeTrue();
    }

    [Fact]
    public async Task Who_comes_in_a_break_waits_for_its_end_and_for_the_one_who_finds_out()
    {
        Open();
        Task<CircuitBreaker.Pass>[] calls = [EnterAsync(), EnterAsync(), EnterAsync()];
        calls.ShouldAllBe(call => !call.IsCompleted);

        _clock.Advance(CircuitBreaker.Break);

        var probe = await Task.WhenAny(calls).WaitAsync(Limit, Cancellation);
        (await probe).ShouldBe(CircuitBreaker.Pass.Probe);
        calls.Count(call => call.IsCompleted).ShouldBe(1);
        _breaker.End(CircuitBreaker.Pass.Probe, CircuitBreaker.Outcome.Answered).ShouldBeTrue();
        var passes = await Task.WhenAll(calls).WaitAsync(Limit, Cancellation);
        passes.Count(pass => pass == CircuitBreaker.Pass.Normal).ShouldBe(2);
    }

    [Fact]
    public async Task A_probe_that_fails_refuses_those_who_waited_for_it_and_begins_another_break()
    {
        var probe = await ProbeAsync();
        var other = EnterAsync();

        _breaker.End(probe, CircuitBreaker.Outcome.Failed).ShouldBeFalse();

        (await other.WaitAsync(Limit, Cancellation)).ShouldBe(CircuitBreaker.Pass.Refused);
        _breaker.Refuses.ShouldBeTrue();
        _clock.Advance(CircuitBreaker.Break);
        (await EnterAsync()).ShouldBe(CircuitBreaker.Pass.Probe);
    }

    [Fact]
    public async Task A_probe_that_hangs_is_not_waited_for_longer_than_the_patience()
    {
        await ProbeAsync();
        var other = EnterAsync();

        _clock.Advance(CircuitBreaker.Patience);

        (await other.WaitAsync(Limit, Cancellation)).ShouldBe(CircuitBreaker.Pass.Refused);
    }

    [Fact]
    public async Task A_probe_whose_caller_went_away_leaves_its_place_to_the_next()
    {
        var probe = await ProbeAsync();

        _breaker.End(probe, CircuitBreaker.Outcome.Abandoned);

        (await EnterAsync()).ShouldBe(CircuitBreaker.Pass.Probe);
    }

    [Fact]
    public async Task Calls_that_were_under_way_when_it_opened_do_not_make_the_break_longer()
    {
        Open();
        _clock.Advance(CircuitBreaker.Break / 2);
        Fail();
        _clock.Advance(CircuitBreaker.Break / 2);

        (await EnterAsync()).ShouldBe(CircuitBreaker.Pass.Probe);
    }

    [Fact]
    public void A_late_answer_closes_it()
    {
        Open();

        _breaker.End(CircuitBreaker.Pass.Normal, CircuitBreaker.Outcome.Answered).ShouldBeTrue();

        _breaker.IsOpen.ShouldBeFalse();
    }

    [Fact]
    public async Task A_site_that_asks_to_be_left_alone_is_at_once_but_not_for_ten_minutes()
    {
        _breaker.End(CircuitBreaker.Pass.Normal, CircuitBreaker.Outcome.Failed, TimeSpan.FromMinutes(10)).ShouldBeTrue();

        // Longer than anybody is asked to wait.
        (await EnterAsync()).ShouldBe(CircuitBreaker.Pass.Refused);
        _clock.Advance(TimeSpan.FromSeconds(4.9));
        _breaker.Refuses.ShouldBeTrue();
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        (await EnterAsync()).ShouldBe(CircuitBreaker.Pass.Probe);
    }

    private Task<CircuitBreaker.Pass> EnterAsync() => _breaker.EnterAsync(Cancellation).AsTask();

    private async Task<CircuitBreaker.Pass> ProbeAsync()
    {
        Open();
        _clock.Advance(CircuitBreaker.Break);
        return await EnterAsync();
    }

    private void Open()
    {
        for (var i = 0; i < CircuitBreaker.FailuresToOpen; i++)
            Fail();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private bool Fail() => _breaker.End(CircuitBreaker.Pass.Normal, CircuitBreaker.Outcome.Failed);

    private void Answer() => _breaker.End(CircuitBreaker.Pass.Normal, CircuitBreaker.Outcome.Answered);
}
