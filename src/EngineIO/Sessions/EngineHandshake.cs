using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace EngineIO.Sessions;

/// <summary>What the opening request of a session said. A snapshot: it stays valid after the request has ended.</summary>
public sealed class EngineHandshake
{
    /// <summary>Headers of the opening request.</summary>
    public required IHeaderDictionary Headers { get; init; }

    /// <summary>Query of the opening request.</summary>
    public required IQueryCollection Query { get; init; }

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
}
