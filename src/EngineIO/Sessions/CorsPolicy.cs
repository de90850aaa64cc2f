using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace EngineIO.Sessions;

/// <summary>Writes the headers of <see cref="EngineIOCorsOptions"/> and checks the <c>Origin</c> of WebSockets.</summary>
internal static class CorsPolicy
{
    /// <summary>Adds the headers. True when the request was a preflight: it is then answered and needs nothing further.</summary>
    public static bool Apply(EngineIOCorsOptions cors, HttpContext context)
    {
        var request = context.Request;
        var headers = context.Response.Headers;
        var origin = request.Headers.Origin.ToString();
        if (cors.AllowsAny)
        {
            headers.AccessControlAllowOrigin = "*";
        }
        else
        {
            headers.Append(HeaderNames.Vary, HeaderNames.Origin);
            if (origin.Length > 0 && HasValidCharacters(origin) && cors.Allows(origin))
                headers.AccessControlAllowOrigin = origin;
        }

        if (cors.Credentials)
            headers.AccessControlAllowCredentials = "true";
        if (!HttpMethods.IsOptions(request.Method))
        {
            if (cors.ExposedHeaders.Count > 0)
                headers.AccessControlExposeHeaders = string.Join(',', cors.ExposedHeaders);
            return false;
        }

        headers.AccessControlAllowMethods = string.Join(',', cors.Methods);
        if (cors.AllowedHeaders.Count > 0)
        {
            headers.AccessControlAllowHeaders = string.Join(',', cors.AllowedHeaders);
        }
        else if (request.Headers.AccessControlRequestHeaders is { Count: > 0 } asked)
        {
            headers.Append(HeaderNames.Vary, HeaderNames.AccessControlRequestHeaders);
            headers.AccessControlAllowHeaders = asked;
        }

        if (cors.MaxAge is { } maxAge)
            headers.AccessControlMaxAge = ((long)maxAge.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return true;
    }

    /// <summary>Whether a page of that origin may open a WebSocket: the origin is allowed, or is the server's own, or there is none.</summary>
    public static bool AllowsWebSocket(EngineIOCorsOptions? cors, HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        if (cors is null || origin.Length == 0 || cors.Allows(origin))
            return true;
        return Uri.TryCreate(origin, UriKind.Absolute, out var uri)
            && string.Equals(uri.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether a header value has only characters that a header may have; the official server refuses any other in <c>Origin</c>.</summary>
    public static bool HasValidCharacters(string value)
    {
        foreach (var character in value)
        {
            if (character is not ('\t' or (>= ' ' and <= '~') or (>= '\u0080' and <= '\u00ff')))
                return false;
        }

        return true;
    }
}
