using System.Globalization;
using System.Runtime.InteropServices;

namespace LoadGenerator;

/// <summary>The number of a message: eight digits at the beginning of its text, so that no message is like the one before and all are of one length.</summary>
internal static class Number
{
    /// <summary>How many bytes it is.</summary>
    public const int Length = sizeof(ulong);

    private const long Most = 100_000_000;

    private static ReadOnlySpan<byte> Before => "\"text\":\""u8;

    /// <summary>Its digits, as they lie in memory.</summary>
    public static ulong Digits(long number)
    {
        Span<byte> digits = stackalloc byte[Length];
        _ = (number % Most).TryFormat(digits, out _, "D8", CultureInfo.InvariantCulture);
        return MemoryMarshal.Read<ulong>(digits);
    }

    /// <summary>Where a message has it.</summary>
    public static int Find(ReadOnlySpan<byte> message) => message.IndexOf(Before) + Before.Length;

    /// <summary>A JSON object that has one: exactly that many bytes.</summary>
    public static string Json(string room, int bytes)
    {
        var empty = $"{{\"room\":\"{room}\",\"text\":\"00000000\"}}";
        if (bytes < empty.Length) throw new LoadException($"--payload is {bytes}: give at least {empty.Length}.");
        return empty.Insert(empty.Length - 2, new string('x', bytes - empty.Length));
    }
}
