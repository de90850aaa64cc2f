using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace EngineIO.Epoll;

/// <summary>The request that opens a WebSocket, when there is nothing unusual about it.</summary>
/// <remarks>
/// It takes part of what RFC 9112 allows, and nothing that it does not allow: an origin-form target without percent-encoding or dot segments, one <c>Host</c>, no body, headers of visible
/// ASCII, all of it there at once. Whatever else comes is Kestrel's to read, and to refuse: what is accepted here must mean the same there.
/// </remarks>
internal sealed class UpgradeRequest
{
    /// <summary>Bytes that a request may have.</summary>
    public const int MaxBytes = 8192;

    private const int MaxHeaders = 64;

    private static readonly SearchValues<byte> PathBytes = SearchValues.Create("/-._~abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"u8);
    private static readonly SearchValues<byte> QueryBytes = SearchValues.Create("!$&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~%"u8);
    private static readonly SearchValues<char> HostCharacters = SearchValues.Create("-._abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    private static readonly SearchValues<char> AddressCharacters = SearchValues.Create(".:abcdefABCDEF0123456789");
    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    // Names that nearly every such request has, so that no string is made for them.
    private static readonly string[] UsualNames =
    [
        HeaderNames.Host, HeaderNames.Connection, HeaderNames.Upgrade, HeaderNames.Origin, HeaderNames.UserAgent, HeaderNames.Cookie, HeaderNames.Pragma, HeaderNames.CacheControl,
        HeaderNames.AcceptEncoding, HeaderNames.AcceptLanguage, HeaderNames.SecWebSocketVersion, HeaderNames.SecWebSocketKey, HeaderNames.SecWebSocketExtensions, HeaderNames.Authorization,
        "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP",
    ];

    private UpgradeRequest(string path, string query, HeaderDictionary headers) => (Path, Query, Headers) = (path, query, headers);

    public string Path { get; }

    /// <summary>The query with its question mark, or nothing.</summary>
    public string Query { get; }

    public HeaderDictionary Headers { get; }

    /// <summary>Reads a request. Null when it is not of this kind, or not all there.</summary>
    /// <param name="bytes">What the client has sent so far.</param>
    /// <param name="length">How many of them are the request.</param>
    public static UpgradeRequest? TryRead(ReadOnlySpan<byte> bytes, out int length)
    {
        length = bytes.IndexOf("\r\n\r\n"u8) + 4;
        if (length < 4 || !bytes.StartsWith("GET /"u8))
            return null;
        var rest = bytes[..(length - 2)];
        return TryReadTarget(TakeLine(ref rest)) is var (path, query) && TryReadHeaders(rest) is { } headers ? new UpgradeRequest(path, query, headers) : null;
    }

    private static (string Path, string Query)? TryReadTarget(ReadOnlySpan<byte> line)
    {
        var target = line["GET ".Length..];
        if (!target.EndsWith(" HTTP/1.1"u8))
            return null;
        target = target[..^" HTTP/1.1".Length];
        var mark = target.IndexOf((byte)'?');
        var path = mark < 0 ? target : target[..mark];
        var query = mark < 0 ? default : target[mark..];
        if (path.ContainsAnyExcept(PathBytes) || path.IndexOf("/."u8) >= 0 || query.ContainsAnyExcept(QueryBytes))
            return null;
        return (Encoding.ASCII.GetString(path), Encoding.ASCII.GetString(query));
    }

    private static HeaderDictionary? TryReadHeaders(ReadOnlySpan<byte> lines)
    {
        // With room for all that a browser sends.
        var headers = new HeaderDictionary(16);
        for (var count = 0; !lines.IsEmpty; count++)
        {
            var line = TakeLine(ref lines);
            var colon = line.IndexOf((byte)':');
            if (colon <= 0 || count == MaxHeaders || line[..colon].ContainsAnyExcept(TokenBytes))
                return null;
            var value = line[(colon + 1)..].Trim(" \t"u8);
            if (value.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
                return null;
            headers.Append(NameOf(line[..colon]), Encoding.ASCII.GetString(value));
        }

        return IsPlain(headers) ? headers : null;
    }

    // What browsers and the usual clients send; a list of options in any other order is Kestrel's.
    private static bool IsPlain(IHeaderDictionary headers) =>
        headers.Host.Count == 1 && IsHost(headers.Host[0])
        && headers.Connection.Count == 1 && (Is(headers.Connection[0], "Upgrade") || Is(headers.Connection[0], "keep-alive, Upgrade"))
        && headers.Upgrade.Count == 1 && Is(headers.Upgrade[0], "websocket")
        && !headers.ContainsKey(HeaderNames.ContentLength) && !headers.ContainsKey(HeaderNames.TransferEncoding) && !headers.ContainsKey(HeaderNames.Expect);

    /// <summary>A name or an IPv4 address, or an IPv6 address in brackets, with or without a port.</summary>
    private static bool IsHost(ReadOnlySpan<char> host)
    {
        var end = host.StartsWith('[') ? host.IndexOf(']') + 1 : host.IndexOf(':');
        var name = end < 0 ? host : host[..end];
        var isName = name.StartsWith('[')
            ? name.Length > "[:]".Length + 1 && !name[1..^1].ContainsAnyExcept(AddressCharacters)
            : name.Length > 0 && !name.ContainsAnyExcept(HostCharacters);
        var port = host[name.Length..];
        return isName && (port.IsEmpty || (port.Length > 1 && port[0] == ':' && !port[1..].ContainsAnyExceptInRange('0', '9')));
    }

    private static bool Is(string? value, string expected) => string.Equals(value, expected, StringComparison.OrdinalIgnoreCase);

    private static string NameOf(ReadOnlySpan<byte> name)
    {
        foreach (var usual in UsualNames)
        {
            if (usual.Length == name.Length && Ascii.EqualsIgnoreCase(name, usual))
                return usual;
        }

        return Encoding.ASCII.GetString(name);
    }

    // A line break alone ends no line here: it is then among the bytes that no part may have.
    private static ReadOnlySpan<byte> TakeLine(ref ReadOnlySpan<byte> lines)
    {
        var end = lines.IndexOf("\r\n"u8);
        var line = lines[..end];
        lines = lines[(end + 2)..];
        return line;
    }
}
