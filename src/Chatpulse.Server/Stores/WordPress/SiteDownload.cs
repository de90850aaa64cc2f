using System.Threading.RateLimiting;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>A file that the site is sending; disposing it ends that.</summary>
internal sealed class SiteDownload(HttpResponseMessage response, Stream content, RateLimitLease? turn) : IDisposable
{
    /// <summary>The status and the headers.</summary>
    public HttpResponseMessage Response { get; } = response;

    /// <summary>The bytes, as they come.</summary>
    public Stream Content { get; } = content;

    /// <inheritdoc />
    public void Dispose()
    {
        Response.Dispose();
        turn?.Dispose();
    }
}
