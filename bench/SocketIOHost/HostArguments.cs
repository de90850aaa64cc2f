using System.Globalization;

namespace SocketIOHost;

/// <summary>
/// The command line: <c>--port N</c>, 3000 when it is left out; <c>--transport epoll</c> (the default) for this project's event loops, <c>sockets</c> for
/// Kestrel's own transport; <c>--io-uring off</c> for a system call for each connection where the system has io_uring.
/// </summary>
internal sealed record HostArguments(int Port = 3000, bool Epoll = true, bool IoUring = true)
{
    public static HostArguments Parse(ReadOnlySpan<string> args) => args switch
    {
        [] => new HostArguments(),
        ["--port", var text, .. var rest] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535 =>
            Parse(rest) with { Port = port },
        ["--transport", "epoll", .. var rest] => Parse(rest) with { Epoll = true },
        ["--transport", "sockets", .. var rest] => Parse(rest) with { Epoll = false },
        ["--io-uring", "on", .. var rest] => Parse(rest) with { IoUring = true },
        ["--io-uring", "off", .. var rest] => Parse(rest) with { IoUring = false },
        _ => throw new ArgumentException($"Expected --port and a number from 1 to 65535, --transport and epoll or sockets, or --io-uring and on or off, not: {string.Join(' ', args)}", nameof(args)),
    };
}
