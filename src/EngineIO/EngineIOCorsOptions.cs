namespace EngineIO;

/// <summary>Which pages of other origins may talk to the server.</summary>
/// <remarks>
/// A browser asks for leave before polling, but not before opening a WebSocket. So once the origins are restricted, a WebSocket whose <c>Origin</c> is
/// neither allowed nor the server's own is refused with 403; clients that are no browser send no <c>Origin</c> and are let in.
/// </remarks>
public sealed class EngineIOCorsOptions
{
    /// <summary>Allowed origins, such as <c>https://example.org</c>; <c>*</c> allows any. Default empty.</summary>
    public IList<string> Origins { get; } = [];

    /// <summary>Asked for an origin that <see cref="Origins"/> does not name. Default none.</summary>
    public Func<string, bool>? IsOriginAllowed { get; set; }

    /// <summary>Whether cookies and the like may come along. Default false. Browsers do not accept it together with <c>*</c>.</summary>
    public bool Credentials { get; set; }

    /// <summary>Methods that a preflight is answered with. Default GET and POST, which is all the protocol uses.</summary>
    public IList<string> Methods { get; } = ["GET", "POST"];

    /// <summary>Request headers that a preflight is answered with. Default empty: those that it asks for.</summary>
    public IList<string> AllowedHeaders { get; } = [];

    /// <summary>Response headers that the page may read. Default empty.</summary>
    public IList<string> ExposedHeaders { get; } = [];

    /// <summary>How long a browser may remember the answer to a preflight. Default not said, which is up to the browser.</summary>
    public TimeSpan? MaxAge { get; set; }

    internal bool AllowsAny => Origins.Contains("*", StringComparer.Ordinal);

    internal bool Allows(string origin) =>
        AllowsAny || Origins.Contains(origin, StringComparer.OrdinalIgnoreCase) || (IsOriginAllowed?.Invoke(origin) ?? false);

    internal void Validate()
    {
        if (AllowsAny && Credentials)
            throw EngineIOOptions.Invalid("Cors.Origins", "*", "browsers refuse it together with Credentials; name the origins, or decide with IsOriginAllowed.");
        foreach (var origin in Origins)
        {
            var wellFormed = origin is "*" or "null"
                || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.PathAndQuery.Length == 1 && !origin.EndsWith('/'));
            if (!wellFormed)
                throw EngineIOOptions.Invalid("Cors.Origins", origin, "give a scheme and a host without a path, such as https://example.org, or *.");
        }

        if (MaxAge is { } maxAge && maxAge < TimeSpan.Zero)
            throw EngineIOOptions.Invalid("Cors.MaxAge", maxAge, "give zero or more.");
    }
}
