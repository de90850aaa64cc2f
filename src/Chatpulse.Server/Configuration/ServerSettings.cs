using System.Net;

namespace Chatpulse.Server.Configuration;

/// <summary>Every setting of the server, checked. Read once at start by <see cref="SettingsReader"/>; never changes afterwards.</summary>
public sealed record ServerSettings
{
    /// <summary>
    /// <c>HOST</c>: where to listen: <c>localhost</c>, <c>*</c> (every interface) or an IP address. Default <c>localhost</c> in development,
    /// where anybody is believed, and <c>*</c> in production.
    /// </summary>
    public string Host { get; init; } = "localhost";

    /// <summary><c>PORT</c>: default 3001; 0 takes any free port.</summary>
    public int Port { get; init; } = 3001;

    /// <summary><c>NODE_ENV</c>: <c>development</c> (the default) or <c>production</c>.</summary>
    public bool IsDevelopment { get; init; } = true;

    /// <summary>
    /// <c>TRUSTED_PROXIES</c>: proxies whose <c>X-Forwarded-For</c> is believed, addresses or networks. Default the loopback addresses.
    /// </summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [new(IPAddress.Parse("127.0.0.0"), 8), new(IPAddress.IPv6Loopback, 128)];

    /// <summary><c>CORS_ORIGIN</c>: origins whose pages may talk to the server; empty means any (<c>*</c>, the default).</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary><c>CORS_METHODS</c>: default <c>GET,POST</c>.</summary>
    public IReadOnlyList<string> CorsMethods { get; init; } = ["GET", "POST"];

    /// <summary><c>SOCKET_PING_INTERVAL</c> in milliseconds: default 25,000.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary><c>SOCKET_PING_TIMEOUT</c> in milliseconds: default 60,000.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>WP_API_NAMESPACE</c>: the path of the REST routes below <c>/wp-json/</c>. Default <c>chatpulse-chat/v1</c>, never with a slash at either end.</summary>
    public string ApiNamespace { get; init; } = "chatpulse-chat/v1";

    /// <summary><c>WP_BASE_URL</c>: the REST address of the WordPress site that keeps the messages, without a slash at the end; null for the embedded store.</summary>
    public Uri? WordPressBaseUrl { get; init; }

    /// <summary><c>WP_API_KEY</c>: the key of the plugin's settings page, one word of visible ASCII; always there with <c>WP_BASE_URL</c>, but for <see cref="AuthMode.WordPress"/>.</summary>
    public string? WordPressApiKey { get; init; }

    /// <summary><c>WP_API_TIMEOUT</c> in milliseconds: how long one call to the site may take, its answer read. Default 10,000.</summary>
    public TimeSpan WordPressTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>WP_API_CONCURRENCY</c>: calls to the site at the same time, 1 to 256. Default 8.</summary>
    public int WordPressConcurrency { get; init; } = 8;

    /// <summary><c>WP_SESSION_CHECK_INTERVAL</c> in milliseconds: how often a login shown with <see cref="AuthMode.WordPress"/> is shown to the site again, 1,000 to 86,400,000. Default 300,000.</summary>
    public TimeSpan WordPressSessionCheckInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary><c>AUTH_MODE</c>: how a user is proven. Default <see cref="AuthMode.UserId"/>, in development only.</summary>
    public AuthMode AuthMode { get; init; } = AuthMode.UserId;

    /// <summary><c>AUTH_SECRET</c>: the key of the tokens, at least 32 bytes in UTF-8; null outside <see cref="AuthMode.Token"/> when not given.</summary>
    public string? AuthSecret { get; init; }

    /// <summary><c>AUTH_GRACE_PERIOD</c> in milliseconds: how long a connection outlives its token. Default 60,000.</summary>
    public TimeSpan AuthGracePeriod { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>ADMIN_TOKEN</c>: the bearer token that opens <c>/stats</c> in production; null when not given.</summary>
    public string? AdminToken { get; init; }

    /// <summary><c>WEBHOOK_SECRET</c>: the key of webhook signatures; null when not given.</summary>
    public string? WebhookSecret { get; init; }

    /// <summary><c>DATA_DIR</c>: where messages and files are kept. Default <c>./data</c>.</summary>
    public string DataDirectory { get; init; } = "./data";

    /// <summary><c>LOG_LEVEL</c>: the least that is logged. Default <c>information</c>.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary><c>LOG_FORMAT</c>: <c>json</c>, one object a line, for programs; or <c>text</c>, for people. Default text in development, json in production.</summary>
    public bool LogAsJson { get; init; }

    /// <summary>
    /// <c>TRANSPORT</c>: what carries TCP connections, <c>epoll</c> for this project's event loops (Linux), <c>sockets</c> for Kestrel's own transport. Default
    /// epoll on Linux, sockets elsewhere.
    /// </summary>
    public bool UseEpoll { get; init; }

    /// <summary>What the operator should know at every start although it is no error.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
