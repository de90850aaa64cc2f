using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Identity;
using Chatpulse.Server.Stores.WordPress;
using Microsoft.Extensions.Logging;

namespace Chatpulse.Server.Tests.Stores.WordPress;

/// <summary>
/// A site without a network: says of itself what discovery asks for, and answers everything else as the test says. Keeps the requests, and what was logged.
/// </summary>
internal sealed class HandlerSite : HttpMessageHandler, IHttpClientFactory, ILoggerFactory, ILogger
{
    public const string Key = "the-api-key";

    // A slow machine is no slow site: no call of a test times out that is not meant to.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    private readonly TimeProvider _timeProvider;

    public HandlerSite(bool hasBatch, TimeProvider? timeProvider = null, Func<ServerSettings, ServerSettings>? configure = null)
    {
        HasBatch = hasBatch;
        _timeProvider = timeProvider ?? TimeProvider.System;
        Settings = new ServerSettings { WordPressBaseUrl = new Uri("http://site.test/wp-json"), WordPressApiKey = Key, WordPressTimeout = Patience };
        Settings = configure?.Invoke(Settings) ?? Settings;
        Site = new WordPressSite(Settings, this, _timeProvider, this.CreateLogger<WordPressSite>());
        Discovery = new SiteDiscovery(Site, Settings, _timeProvider, this.CreateLogger<SiteDiscovery>());
        Store = new WordPressChatStore(Site, Discovery, Settings, Sessions, _timeProvider, this.CreateLogger<WordPressChatStore>());
    }

    public bool HasBatch { get; set; }

    /// <summary>Whether the site has no plugin at all.</summary>
    public bool Missing { get; set; }

    public ServerSettings Settings { get; }

    public WordPressSessions Sessions { get; } = new();

    public WordPressSite Site { get; }

    public SiteDiscovery Discovery { get; }

    public WordPressChatStore Store { get; }

    /// <summary>Answers what is not about the site itself: method and path with query, body.</summary>
    public Func<HandledRequest, CancellationToken, Task<HttpResponseMessage>> Answer { get; set; } =
        (request, _) => Task.FromResult(Json(404, """{"code":"rest_no_route","message":"No route","data":{"status":404}}"""));

    /// <summary>What was asked besides what discovery asks.</summary>
    public ConcurrentQueue<HandledRequest> Requests { get; } = new();

    /// <summary>What was logged.</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    public static HttpResponseMessage Json(int status, string body) => Text(status, body, "application/json");

    public static HttpResponseMessage Text(int status, string body, string contentType) => new((HttpStatusCode)status)
    {
        Content = new StringContent(body, Encoding.UTF8, contentType),
    };

    public HttpClient CreateClient(string name) => new(this, disposeHandler: false);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Log.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.PathAndQuery["/wp-json/".Length..];
        if (path.StartsWith("?_fields", StringComparison.Ordinal))
            return Json(200, """{"gmt_offset":0,"timezone_string":""}""");
        if (string.Equals(path, Settings.ApiNamespace, StringComparison.Ordinal))
        {
            if (Missing)
                return Json(404, """{"code":"rest_no_route","message":"No route","data":{"status":404}}""");
            var batch = HasBatch ? $$""","/{{Settings.ApiNamespace}}/batch":{}""" : "";
            return Json(200, $$$"""{"routes":{"/{{{Settings.ApiNamespace}}}":{}{{{batch}}}}}""");
        }

        if (path.EndsWith("/users?per_page=1", StringComparison.Ordinal))
            return Json(200, "[]");
        path = path[(Settings.ApiNamespace.Length + 1)..];
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        var asked = new HandledRequest(
            request.Method.Method,
            path,
            body,
            request.Headers.TryGetValues(SiteCaller.KeyHeader, out var key) ? key.Single() : null,
            request.Headers.TryGetValues(SiteCaller.UserHeader, out var user) ? user.Single() : null,
            request.Headers.TryGetValues("Cookie", out var cookie) ? cookie.Single() : null,
            request.Headers.TryGetValues("X-WP-Nonce", out var nonce) ? nonce.Single() : null);
        Requests.Enqueue(asked);
        return await Answer(asked, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Discovery.Dispose();
            Site.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>A request as the site got it.</summary>
internal sealed record HandledRequest(string Method, string Path, string Body, string? Key, string? User, string? Cookie, string? Nonce)
{
    public override string ToString() => $"{Method} {Path}";
}
