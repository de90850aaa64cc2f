using Chatpulse.Server.Stores.WordPress;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores.WordPress;

public sealed class SiteClockTests
{
    [Theory]
    [InlineData("", 0, "2026-11-22 17:38:56", "2026-11-22T17:38:56Z")]
    [InlineData(null, 5.5, "2026-11-22 17:38:56", "2026-11-22T12:08:56Z")]
    [InlineData("", -3.5, "2026-11-22 17:38:56", "2026-11-22T21:08:56Z")]
    [InlineData("America/New_York", -5, "2026-11-22 12:38:56", "2026-11-22T17:38:56Z")]
    [InlineData("America/New_York", -5, "2026-07-01 12:00:00", "2026-07-01T16:00:00Z")]
    [InlineData("Europe/Berlin", 1, "2026-07-01 12:00:00", "2026-07-01T10:00:00Z")]
    // The hour that is there twice: the earlier of the two moments.
    [InlineData("Europe/Berlin", 1, "2026-10-25 02:30:00", "2026-10-25T00:30:00Z")]
    public void A_time_of_the_site_is_read_in_its_own_zone(string? zone, double offset, string local, string utc)
    {
        var clock = SiteClock.Create(zone, offset, out var zoneIsKnown);

        zoneIsKnown.ShouldBeTrue();
        clock.TryRead(local, out var time).ShouldBeTrue();
        time.ShouldBe(DateTimeOffset.Parse(utc, System.Globalization.CultureInfo.InvariantCulture));
        time.Offset.ShouldBe(TimeSpan.Zero);
        clock.Write(time).ShouldBe(local);
    }

    [Fact]
    public void A_zone_that_this_machine_does_not_know_leaves_the_offset()
    {
        var clock = SiteClock.Create("Mars/Olympus_Mons", 2, out var zoneIsKnown);

        zoneIsKnown.ShouldBeFalse();
        clock.TryRead("2026-01-01 02:00:00", out var time).ShouldBeTrue();
        time.Hour.ShouldBe(0);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0000-00-00 00:00:00")]
    [InlineData("2026-02-30 00:00:00")]
    [InlineData("2026-11-22T17:38:56Z")]
    [InlineData("yesterday")]
    public void What_is_no_time_is_not_read(string? text)
    {
        SiteClock.Utc.TryRead(text, out _).ShouldBeFalse();
        SiteClock.NextSecond(text).ShouldBeNull();
    }

    [Theory]
    [InlineData(99)]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    public void An_offset_that_cannot_be_is_none(double hours) => SiteClock.Create(zoneName: null, hours, out _).Name.ShouldBe("UTC+00:00");

    [Fact]
    public void Times_at_the_ends_of_the_calendar_are_no_crash()
    {
        var west = SiteClock.Create(zoneName: null, -12, out _);
        var east = SiteClock.Create(zoneName: null, 12, out _);

        west.TryRead("9999-12-31 23:59:59", out _).ShouldBeFalse();
        east.TryRead("0001-01-01 00:00:00", out _).ShouldBeFalse();
        east.Write(DateTimeOffset.MaxValue).ShouldBe("9999-12-31 23:59:59");
        west.Write(DateTimeOffset.MinValue).ShouldBe("0001-01-01 00:00:00");
        SiteClock.NextSecond("2026-12-31 23:59:59").ShouldBe("2027-01-01 00:00:00");
    }
}
