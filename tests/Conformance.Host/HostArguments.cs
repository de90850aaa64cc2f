using System.Globalization;

namespace Conformance.Host;

/// <summary>
/// The command line: <c>--port N</c>, 3000 when it is left out; and <c>--ping-timeout MS</c>, 200 when it is left out, for clients that are
/// tested beside much else and cannot always answer as fast as the protocol suites do.
/// </summary>
internal sealed record HostArguments(int Port = 3000, TimeSpan? PingTimeout = null)
{
    public static HostArguments Parse(ReadOnlySpan<string> args) => args switch
    {
        [] => new HostArguments(),
        ["--port", var text, .. var rest] when IsNumber(text, 65535, out var port) => Parse(rest) with { Port = port },
        ["--ping-timeout", var text, .. var rest] when IsNumber(text, 3_600_000, out var ms) => Parse(rest) with { PingTimeout = TimeSpan.FromMilliseconds(ms) },
        _ => throw new ArgumentException($"Expected --port and a number from 1 to 65535, or --ping-timeout and milliseconds, not: {string.Join(' ', args)}", nameof(args)),
    };

    private static bool IsNumber(string text, int max, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0 && number <= max;
}
