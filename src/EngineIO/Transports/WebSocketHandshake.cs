using System.Security.Cryptography;
using System.Text;
using EngineIO.Epoll;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Net.Http.Headers;

namespace EngineIO.Transports;

/// <summary>The opening of a WebSocket over HTTP/1.1 (RFC 6455) and over HTTP/2 (RFC 8441), down to the raw stream.</summary>
internal static class WebSocketHandshake
{
    private const string Version = "13";

    private static ReadOnlySpan<byte> AcceptGuid => "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"u8;

    /// <summary>Whether the request asks for a WebSocket, well-formed or not.</summary>
    public static bool IsRequested(HttpContext context)
    {
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
            return string.Equals(connect.Protocol, "websocket", StringComparison.OrdinalIgnoreCase);

        // Which Kestrel would upgrade too, in HTTP/1.0 (RFC 9110, section 7.8, has a server ignore it there).
        return !HttpProtocol.IsHttp10(context.Request.Protocol) && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && context.Request.Headers.Upgrade.Any(value => value!.Contains("websocket", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Whether it can be accepted: a known version and, over HTTP/1.1, a GET with a key of 16 bytes.</summary>
    public static bool IsValid(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (!string.Equals(headers.SecWebSocketVersion.ToString(), Version, StringComparison.Ordinal))
        {
            context.Response.Headers.SecWebSocketVersion = Version;
            return false;
        }

        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true })
            return true;
        Span<byte> key = stackalloc byte[18];
        var text = headers.SecWebSocketKey.ToString();
        return HttpMethods.IsGet(context.Request.Method) && text.Length == 24 && Convert.TryFromBase64String(text, key, out var length) && length == 16;
    }

    /// <summary>Accepts it and returns the raw stream. <see cref="IsRequested"/> and <see cref="IsValid"/> have been asked.</summary>
    public static async Task<Stream> AcceptAsync(HttpContext context, bool deflate)
    {
        // A socket that is silent for long, or slow to read, is the session's to judge.
        context.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
        if (context.Features.Get<Microsoft.AspNetCore.Server.Kestrel.Core.Features.IHttpMinResponseDataRateFeature>() is { } minRate)
            minRate.MinDataRate = null;

        var headers = context.Response.Headers;
        if (deflate)
            headers.SecWebSocketExtensions = PerMessageDeflate.Response;
        if (context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true } connect)
        {
            context.Response.StatusCode = StatusCodes.Status200OK;
            return await connect.AcceptAsync();
        }

        headers.Connection = HeaderNames.Upgrade;
        headers.Upgrade = "websocket";
        headers.SecWebSocketAccept = AcceptKey(context.Request.Headers.SecWebSocketKey.ToString());
        var upgrade = context.Features.GetRequiredFeature<IHttpUpgradeFeature>();
        return upgrade is UpgradeExchange exchange ? await exchange.AcceptAsync() : await upgrade.UpgradeAsync();
    }

    /// <summary>Takes the connection out of an HTTP/1.1 request that was accepted. Null when it cannot be taken, and lives in the request.</summary>
    public static EpollConnection? Detach(HttpContext context, Stream stream) =>
        stream as EpollConnection ?? (IsKestrels(stream) ? Detach(context) : null);

    // Not if middleware has put a stream of its own around it, which wants to see what is read and written.
    private static bool IsKestrels(Stream stream) => stream.GetType().Assembly == typeof(KestrelServerOptions).Assembly;

    private static EpollConnection? Detach(HttpContext context) =>
        HttpProtocol.IsHttp11(context.Request.Protocol) ? context.Features.Get<IDetachableConnection>()?.Detach() : null;

    /// <summary>The answer to a client's key.</summary>
    public static string AcceptKey(string key)
    {
        Span<byte> input = stackalloc byte[24 + 36];
        var length = Encoding.ASCII.GetBytes(key, input);
        AcceptGuid.CopyTo(input[length..]);
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // RFC 6455 prescribes SHA-1 here; it proves that the peer speaks the protocol and secures nothing.
        SHA1.HashData(input, hash);
#pragma warning restore CA5350
        return Convert.ToBase64String(hash);
    }
}
