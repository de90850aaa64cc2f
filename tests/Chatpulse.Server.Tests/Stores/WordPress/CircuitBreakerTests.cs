using Chatpulse.Server.Stores.WordPress;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores.WordPress;

public sealed class CircuitBreakerTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly CircuitBreaker _breaker;

    public CircuitBreakerTests() => _breaker = new CircuitBreaker(_clock);

    [Fact]
    public void Failures_in_a_row_open_it_and_an_answer_in_between_starts_the_count_again()
    {
        for (var i = 1; i < CircuitBreaker.FailuresToOpen; i++)
            Fail().ShouldBeFalse();
        Answer();
        for (var i = 1; i < CircuitBreaker.FailuresToOpen; i++)
            Fail().ShouldBeFalse();

        _breaker.Enter().ShouldBe(CircuitBreaker.Pass.Normal);
        Fail().ShouldBeTrue();

        _breaker.Refuses.ShouldBeTrue();
        _breaker.Enter().ShouldBe(CircuitBreaker.Pass.Refused);
    }

    [Fact]
    public void After_the_break_one_call_finds_out_and_everybody_else_is_refused_meanwhile()
    {
        Open();

        _clock.Advance(CircuitBreaker.Break);

        _breaker.Refuses.ShouldBeFalse();
        _breaker.Enter().ShouldBe(CircuitBreaker.Pass.Probe);
        _breaker.Enter().ShouldBe(CircuitBreaker.Pass.Refused);
        _breaker.End(CircuitBreaker.Pass.Probe, CircuitBreaker.Outcome.Answered).ShouldBeTrue();
        _breaker.Enter().ShouldBe(CircuitBreaker.Pass.Normal);
    }

    [Fact]
    public void A_probe_that_fails_begins_another_break()
    {
        Open();
        _clock.Advance(CircuitBreaker.Break);
        _breaker.Enter();

        _breaker.End(CircuitBreaker.Pass.Probe, CircuitBreaker.Outcome.Failed).ShouldBeFalse();

        _breaker.Enter().ShouldBe(CircuitBreaker.Pass.Refused);
        _clock.Advance(CircuitBreaker.Break);
        _breaker.Enter().ShouldBe(CircuitBreaker.Pass.Probe);
    }

    [Fact]
    public void A_probe_whose_caller_went_away_leaves_its_place_to_the_next()
    {
        Open();
        _clock.Advance(CircuitBreaker.Break);
        _breaker.Enter();

        _breaker.End(CircuitBreaker.Pass.Probe, CircuitBreaker.Outcome.Abandoned);

        _breaker.Enter().ShouldBe(CircuitBreaker.Pass.Probe);
    }

    [Fact]
    public void Calls_that_were_under_way_when_it_opened_do_not_make_the_break_longer()
    {
        Open();
        _clock.Advance(CircuitBreaker.Break / 2);
        Fail();
        _clock.Advance(CircuitBreaker.Break / 2);

        _breaker.Enter().ShouldBe(CircuitBreaker.Pass.Probe);
    }

    [Fact]
    public void A_late_answer_closes_it()
    {
        Open();

        _breaker.End(CircuitBreaker.Pass.Normal, CircuitBreaker.Outcome.Answered).ShouldBeTrue();

        _breaker.IsOpen.ShouldBeFalse();
    }

    [Fact]
    public void A_site_that_asks_to_be_left_alone_is_at_once_but_not_for_ten_minutes()
    {
        _breaker.End(CircuitBreaker.Pass.Normal, CircuitBreaker.Outcome.Failed, TimeSpan.FromMinutes(10)).ShouldBeTrue();

        _clock.Advance(TimeSpan.FromSeconds(4.9));
        _breaker.Refuses.ShouldBeTrue();
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        _breaker.Enter().ShouldBe(CircuitBreaker.Pass.Probe);
    }

    private void Open()
    {
        for (var i = 0; i < CircuitBreaker.FailuresToOpen; i++)
            Fail();
    }

    private bool Fail() => _breaker.End(CircuitBreaker.Pass.Normal, CircuitBreaker.Outcome.Failed);

    private void Answer() => _breaker.End(CircuitBreaker.Pass.Normal, CircuitBreaker.Outcome.Answered);
}
