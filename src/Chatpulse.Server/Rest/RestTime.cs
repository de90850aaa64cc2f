using System.Globalization;

namespace Chatpulse.Server.Rest;

/// <summary>Times as WordPress writes them: to the second and without an offset. This server's time zone is UTC.</summary>
public static class RestTime
{
    private const string Pattern = "yyyy-MM-dd HH:mm:ss";

    private static readonly string[] Accepted =
    [
        Pattern,
        "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd",
    ];

    /// <summary><c>YYYY-MM-DD HH:MM:SS</c>, UTC.</summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString(Pattern, CultureInfo.InvariantCulture);

    /// <summary>Reads what <see cref="Format"/> writes, ISO 8601 with or without an offset, and a bare date. No offset means UTC.</summary>
    public static bool TryRead(string? text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(
            text, Accepted, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
}
