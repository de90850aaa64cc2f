using System.Globalization;

namespace SocketIOHost;

/// <summary>The command line: <c>--port N</c>, 3000 when it is left out.</summary>
internal sealed record HostArguments(int Port = 3000)
{
    public static HostArguments Parse(ReadOnlySpan<string> args) => args switch
    {
        [] => new HostArguments(),
        ["--port", var text, .. var rest] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535 =>
            Parse(rest) with { Port = port },
        _ => throw new ArgumentException($"Expected --port and a number from 1 to 65535, not: {string.Join(' ', args)}", nameof(args)),
    };
}
