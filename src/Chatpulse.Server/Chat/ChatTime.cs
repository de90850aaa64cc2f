using System.Globalization;

namespace Chatpulse.Server.Chat;

/// <summary>Times as events carry them.</summary>
internal static class ChatTime
{
    /// <summary>ISO 8601, UTC, to the millisecond, exactly as JavaScript's <c>toISOString</c> writes it.</summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
