using Chatpulse.Server.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;

namespace Chatpulse.Server.Tests.Logging;

public sealed class RepeatedWarningsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RepeatedWarnings _warnings;

    public RepeatedWarningsTests() => _warnings = new RepeatedWarnings(_time);

    [Fact]
    public void A_reason_is_logged_at_once_and_then_once_a_minute_with_how_often_it_came()
    {
        _warnings.ShouldLog("a", out var unlogged).ShouldBeTrue();
        unlogged.ShouldBe(0);
        for (var i = 0; i < 5; i++)
            _warnings.ShouldLog("a", out _).ShouldBeFalse();
        _warnings.ShouldLog("b", out _).ShouldBeTrue();
        _time.Advance(TimeSpan.FromMinutes(1));
        _warnings.ShouldLog("a", out unlogged).ShouldBeTrue();
        unlogged.ShouldBe(5);
        _time.Advance(TimeSpan.FromMinutes(1));
        _warnings.ShouldLog("a", out unlogged).ShouldBeTrue();
        unlogged.ShouldBe(0);
    }

    [Fact]
    public void However_many_reasons_there_are_few_are_logged() =>
        Enumerable.Range(0, 10_000).Count(i => _warnings.ShouldLog($"reason {i}", out _)).ShouldBe(65);
}
