using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace EngineIO.Sessions;

/// <summary>What the opening request of a session said. A snapshot: it stays valid after the request has ended.</summary>
public sealed class EngineHandshake
{
    private IQueryCollection? _query;

    /// <summary>Headers of the opening request. Read-only.</summary>
    public required IHeaderDictionary Headers { get; init; }

    /// <summary>Query of the opening request.</summary>
    public IQueryCollection Query => _query ??= Parse(Url);

    /// <summary>Path and query of the opening request.</summary>
    public required string Url { get; init; }

    /// <summary>Address of the peer, if it is known.</summary>
    public IPAddress? RemoteAddress { get; init; }

    /// <summary>Whether it came over TLS.</summary>
    public bool Secure { get; init; }

    /// <summary>Whether it was a cross-origin request (it carried <c>Origin</c>).</summary>
    public bool CrossOrigin { get; init; }

    /// <summary>When it came.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>Who ASP.NET Core's authentication found, if any.</summary>
    public ClaimsPrincipal? User { get; init; }

    // Only when somebody asks: most never do, and every idle session would hold it.
    private static QueryCollection Parse(string url)
    {
        var start = url.IndexOf('?', StringComparison.Ordinal);
        return start < 0 ? QueryCollection.Empty : new QueryCollection(QueryHelpers.ParseQuery(url[start..]));
    }
}
