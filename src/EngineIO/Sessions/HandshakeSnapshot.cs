using Microsoft.AspNetCore.Http;

namespace EngineIO.Sessions;

/// <summary>Copies of a request what stays true after it: the server uses a request's objects again for the next one.</summary>
internal static class HandshakeSnapshot
{
    public static EngineHandshake Take(HttpContext context, TimeProvider time)
    {
        var request = context.Request;
        var headers = new HeaderDictionary(request.Headers.Count);
        foreach (var (name, value) in request.Headers)
            headers[name] = value;
        return new EngineHandshake
        {
            Headers = headers,
            Query = new QueryCollection(request.Query.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase)),
            Url = $"{request.PathBase}{request.Path}{request.QueryString}",
            RemoteAddress = context.Connection.RemoteIpAddress,
            Secure = request.IsHttps,
            CrossOrigin = request.Headers.Origin.Count > 0,
            Time = time.GetUtcNow(),
            User = context.User,
        };
    }
}
