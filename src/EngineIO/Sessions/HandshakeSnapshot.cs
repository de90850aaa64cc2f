using EngineIO.Epoll;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features.Authentication;

namespace EngineIO.Sessions;

/// <summary>Copies of a request what stays true after it: the server uses a request's objects again for the next one.</summary>
internal static class HandshakeSnapshot
{
    public static EngineHandshake Take(HttpContext context, TimeProvider time)
    {
        var request = context.Request;
        return new EngineHandshake
        {
            Headers = context.Features.Get<UpgradeExchange>()?.RequestHeaders is { } own && own == request.Headers ? own : Copy(request.Headers),
            // Parsed anew for each request, and never changed after that.
            Query = request.Query,
            Url = $"{request.PathBase}{request.Path}{request.QueryString}",
            RemoteAddress = context.Connection.RemoteIpAddress,
            Secure = request.IsHttps,
            CrossOrigin = request.Headers.Origin.Count > 0,
            Time = time.GetUtcNow(),
            // Asking the context would make an empty principal for everybody whom no authentication has found.
            User = context.Features.Get<IHttpAuthenticationFeature>()?.User,
        };
    }

    private static HeaderDictionary Copy(IHeaderDictionary headers)
    {
        var copy = new HeaderDictionary(headers.Count);
        foreach (var (name, value) in headers)
            copy[name] = value;
        return copy;
    }
}
