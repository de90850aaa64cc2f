using System.Globalization;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// The site's own time zone. WordPress stores and shows times as <c>YYYY-MM-DD HH:MM:SS</c> in it, without an offset. In the hour that a clock is set back over,
/// a time means two moments; the earlier is taken.
/// </summary>
internal sealed class SiteClock
{
    private const string Format = "yyyy-MM-dd HH:mm:ss";
    private const double LargestOffsetHours = 14;

    private readonly TimeZoneInfo? _zone;
    private readonly TimeSpan _offset;

    private SiteClock(TimeZoneInfo? zone, TimeSpan offset)
    {
        _zone = zone;
        _offset = offset;
    }

    public static SiteClock Utc { get; } = new(zone: null, TimeSpan.Zero);

    /// <summary>What the clock is set to, for the log.</summary>
    public string Name => _zone?.Id ?? $"UTC{(_offset < TimeSpan.Zero ? '-' : '+')}{_offset.ToString("hh\\:mm", CultureInfo.InvariantCulture)}";

    /// <summary>
    /// The clock of a site that names its zone, or gives an offset in hours. <paramref name="zoneIsKnown"/> is false where this machine does not know the
    /// name (no tzdata is installed): then the offset is used, which is wrong by an hour after the next change to or from summer time, until the site is asked again.
    /// </summary>
    public static SiteClock Create(string? zoneName, double offsetHours, out bool zoneIsKnown)
    {
        zoneIsKnown = true;
        if (!string.IsNullOrWhiteSpace(zoneName))
        {
            if (TimeZoneInfo.TryFindSystemTimeZoneById(zoneName, out var zone))
                return new SiteClock(zone, TimeSpan.Zero);
            zoneIsKnown = false;
        }

        return double.IsFinite(offsetHours) && Math.Abs(offsetHours) <= LargestOffsetHours
            ? new SiteClock(zone: null, TimeSpan.FromMinutes(Math.Round(offsetHours * 60)))
            : Utc;
    }

    /// <summary>Reads a time that the site wrote; false for anything else, <c>0000-00-00 00:00:00</c> too.</summary>
    public bool TryRead(string? text, out DateTimeOffset time)
    {
        time = default;
        if (!TryParse(text, out var local))
            return false;
        var offset = Offset(local);
        // Nothing before the year 1 or after 9999 can come of it.
        if (local.Ticks < offset.Ticks || local.Ticks - offset.Ticks > DateTime.MaxValue.Ticks)
            return false;
        time = new DateTimeOffset(local.Ticks - offset.Ticks, TimeSpan.Zero);
        return true;
    }

    /// <summary>A moment as the site would write it.</summary>
    public string Write(DateTimeOffset time)
    {
        var utc = time.UtcDateTime;
        var offset = _zone?.GetUtcOffset(utc) ?? _offset;
        var ticks = Math.Clamp(utc.Ticks + offset.Ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks);
        return new DateTime(ticks).ToString(Format, CultureInfo.InvariantCulture);
    }

    /// <summary>A second later, as the site would write it; null when it is no time.</summary>
    public static string? NextSecond(string? text) =>
        TryParse(text, out var local) && local < DateTime.MaxValue.AddSeconds(-1) ? local.AddSeconds(1).ToString(Format, CultureInfo.InvariantCulture) : null;

    private static bool TryParse(string? text, out DateTime local) =>
        DateTime.TryParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out local);

    private TimeSpan Offset(DateTime local)
    {
        if (_zone is null)
            return _offset;
        if (_zone.IsAmbiguousTime(local))
            return _zone.GetAmbiguousTimeOffsets(local).Max();
        return _zone.GetUtcOffset(local);
    }
}
