using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features.Authentication;
using Microsoft.Extensions.Primitives;

namespace EngineIO.Sessions;

/// <summary>Copies of a request what stays true after it: the server uses a request's objects again for the next one.</summary>
internal static class HandshakeSnapshot
{
    private static readonly RecentStrings Recent = new();

    public static EngineHandshake Take(HttpContext context, TimeProvider time)
    {
        var request = context.Request;
        return new EngineHandshake
        {
            Headers = Copy(request.Headers),
            Url = Recent.Share($"{request.PathBase}{request.Path}{request.QueryString}"),
            RemoteAddress = context.Connection.RemoteIpAddress,
            Secure = request.IsHttps,
            CrossOrigin = request.Headers.Origin.Count > 0,
            Time = time.GetUtcNow(),
            // Asking the context would make an empty principal for everybody whom no authentication has found.
            User = context.Features.Get<IHttpAuthenticationFeature>()?.User,
        };
    }

    private static HandshakeHeaders Copy(IHeaderDictionary headers)
    {
        var copy = new KeyValuePair<string, StringValues>[headers.Count];
        var count = 0;
        foreach (var (name, value) in headers)
            copy[count++] = new KeyValuePair<string, StringValues>(Recent.Share(name), value is [{ } only] ? Recent.Share(only) : value);
        return new HandshakeHeaders(copy);
    }
}
