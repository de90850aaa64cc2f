using System.Globalization;

namespace Conformance.Host;

/// <summary>The command line: <c>--port N</c>, 3000 when it is left out.</summary>
internal static class HostArguments
{
    public static int Port(string[] args) => args switch
    {
        [] => 3000,
        ["--port", var text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535 => port,
        _ => throw new ArgumentException($"Expected --port and a number from 1 to 65535, not: {string.Join(' ', args)}", nameof(args)),
    };
}
