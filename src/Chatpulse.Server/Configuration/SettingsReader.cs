using System.Globalization;
using System.Net;
using System.Text;

namespace Chatpulse.Server.Configuration;

/// <summary>Makes <see cref="ServerSettings"/> of named values, and reports everything that is wrong with them at once.</summary>
public sealed class SettingsReader
{
    private const int MinSecretBytes = 32;
    private const string SiteExample = "such as https://example.org/wp-json";
    private const string SecretExample = "for example the output of: openssl rand -hex 32";

    private readonly Func<string, string?> _source;
    private readonly List<string> _problems = [];
    private readonly List<string> _warnings = [];

    private SettingsReader(Func<string, string?> source) => _source = source;

    /// <summary>Reads and checks every setting. A value that is empty or only spaces counts as not given.</summary>
    /// <param name="source">Gives the value of a name, null when there is none.</param>
    /// <exception cref="SettingsException">Something is wrong; the exception lists all of it.</exception>
    public static ServerSettings Read(Func<string, string?> source)
    {
        var reader = new SettingsReader(source);
        var settings = reader.Read();
        return reader._problems.Count == 0 ? settings : throw new SettingsException(reader._problems);
    }

    private ServerSettings Read()
    {
        var development = ReadEnvironment();
        var (mode, secret) = ReadAuthentication(development);
        var (baseUrl, apiKey) = ReadSite(development, mode);
        return new ServerSettings
        {
            IsDevelopment = development,
            Host = ReadHost(development),
            Port = ReadNumber("PORT", 3001, 0, 65535, "a port"),
            TrustedProxies = ReadProxies(),
            CorsOrigins = ReadOrigins(),
            CorsMethods = ReadMethods(),
            PingInterval = ReadMilliseconds("SOCKET_PING_INTERVAL", 25_000, 100, 3_600_000),
            PingTimeout = ReadMilliseconds("SOCKET_PING_TIMEOUT", 60_000, 100, 3_600_000),
            ApiNamespace = ReadApiNamespace(),
            WordPressBaseUrl = baseUrl,
            WordPressApiKey = apiKey,
            WordPressTimeout = ReadMilliseconds("WP_API_TIMEOUT", 10_000, 100, 600_000),
            WordPressConcurrency = ReadNumber("WP_API_CONCURRENCY", 8, 1, 256, "calls at the same time"),
            WordPressSessionCheckInterval = ReadMilliseconds("WP_SESSION_CHECK_INTERVAL", 300_000, 1_000, 86_400_000),
            AuthMode = mode,
            AuthSecret = secret,
            AuthGracePeriod = ReadMilliseconds("AUTH_GRACE_PERIOD", 60_000, 0, 3_600_000),
            AdminToken = ReadSecret("ADMIN_TOKEN", 16),
            WebhookSecret = ReadSecret("WEBHOOK_SECRET", 16),
            DataDirectory = Value("DATA_DIR") ?? "./data",
            LogLevel = ReadLogLevel(),
            LogAsJson = ReadLogFormat(development),
            UseEpoll = ReadTransport(),
            Warnings = _warnings,
        };
    }

    private string? Value(string name) => _source(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

    private void Problem(string name, string? value, string expected) =>
        _problems.Add(value is null ? $"{name} is not set: {expected}" : $"{name} is \"{value}\": {expected}");

    private bool ReadEnvironment()
    {
        var value = Value("NODE_ENV");
        switch (value)
        {
            case null or "development":
                return true;
            case "production":
                return false;
            default:
                Problem("NODE_ENV", value, "it must be development or production.");
                return true;
        }
    }

    private (AuthMode Mode, string? Secret) ReadAuthentication(bool development)
    {
        // A secret is never repeated in a message: what is logged is read by more people than may sign tokens.
        var secret = Value("AUTH_SECRET");
        if (secret is not null && Encoding.UTF8.GetByteCount(secret) < MinSecretBytes)
            _problems.Add($"AUTH_SECRET is {Encoding.UTF8.GetByteCount(secret)} bytes long: it must be at least {MinSecretBytes}, {SecretExample}");

        var mode = Value("AUTH_MODE");
        switch (mode)
        {
            case null when development:
                return (AuthMode.UserId, secret);
            case null:
                Problem(
                    "AUTH_MODE",
                    null,
                    "in production (NODE_ENV=production) users must be proven; set AUTH_MODE=token and AUTH_SECRET, or AUTH_MODE=wordpress and WP_BASE_URL, or, "
                    + "where something in front of this server proves them, AUTH_MODE=userid.");
                return (AuthMode.Token, secret);
            case "userid":
                if (!development)
                {
                    _warnings.Add(
                        "AUTH_MODE=userid in production: anyone who can reach this server can be any user. Set AUTH_MODE=token and AUTH_SECRET "
                        + "unless something in front of it proves them.");
                }

                return (AuthMode.UserId, secret);
            case "token":
                if (secret is null)
                    Problem("AUTH_SECRET", null, $"AUTH_MODE=token needs the key that signs the tokens, at least {MinSecretBytes} bytes, {SecretExample}");
                return (AuthMode.Token, secret);
            case "wordpress":
                return (AuthMode.WordPress, secret);
            default:
                Problem("AUTH_MODE", mode, "it must be token, wordpress or userid.");
                return (AuthMode.Token, secret);
        }
    }

    private (Uri? BaseUrl, string? ApiKey) ReadSite(bool development, AuthMode mode)
    {
        var key = ReadApiKey();
        var value = Value("WP_BASE_URL");
        if (value is null)
        {
            if (mode == AuthMode.WordPress)
                Problem("WP_BASE_URL", null, $"AUTH_MODE=wordpress needs the REST address of the site that signs users in, {SiteExample}.");
            if (key is not null)
                _warnings.Add("WP_API_KEY is set and WP_BASE_URL is not: messages are kept in DATA_DIR, and the key is not used.");
            return (null, key);
        }

        if (key is null && mode != AuthMode.WordPress)
        {
            Problem(
                "WP_API_KEY", null, $"with WP_BASE_URL and AUTH_MODE={(mode == AuthMode.Token ? "token" : "userid")} the site is called with the key of the plugin's settings page.");
        }

        return (ReadBaseUrl(value, development), key);
    }

    private string? ReadApiKey()
    {
        // It goes into an HTTP header; like every secret it is not repeated.
        var key = Value("WP_API_KEY");
        if (key is not null && !key.All(static c => c is > ' ' and <= '~'))
            _problems.Add("WP_API_KEY has characters that no key has: copy it from the plugin's settings page, letters, digits and signs without spaces.");
        return key;
    }

    private Uri? ReadBaseUrl(string value, bool development)
    {
        if (!Uri.TryCreate(value, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
        {
            Problem("WP_BASE_URL", value, $"it must be the absolute http or https address of the site's REST API, {SiteExample}.");
            return null;
        }

        if (url.UserInfo.Length > 0)
        {
            _problems.Add("WP_BASE_URL has a user name or password in it: leave them out, the site is called with WP_API_KEY.");
            return null;
        }

        if (url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            Problem("WP_BASE_URL", value, "it must not have a ? or #; where the site has no /wp-json, choose any permalink structure but Plain in WordPress's settings.");
            return null;
        }

        var path = url.AbsolutePath.TrimEnd('/');
        if (!path.EndsWith("/wp-json", StringComparison.Ordinal))
            _warnings.Add($"WP_BASE_URL is \"{value}\", which does not end in /wp-json: that is where the REST API of nearly every site is, {SiteExample}.");
        if (!development && url.Scheme is "http" && !url.IsLoopback)
            _warnings.Add($"WP_BASE_URL is \"{value}\": with http and not https, the key and the users' logins go over the network in clear.");
        return new Uri(url.GetLeftPart(UriPartial.Authority) + path);
    }

    private string ReadHost(bool development)
    {
        var value = Value("HOST");
        if (value is null)
            return development ? "localhost" : "*";
        if (value is "localhost" or "*" || IPAddress.TryParse(value, out _))
            return value;
        Problem("HOST", value, "it must be localhost, * (every interface) or an IP address.");
        return value;
    }

    private IReadOnlyList<IPNetwork> ReadProxies()
    {
        var value = Value("TRUSTED_PROXIES");
        if (value is null)
            return new ServerSettings().TrustedProxies;
        if (value is "none")
            return [];
        var proxies = new List<IPNetwork>();
        foreach (var item in value.Split(',', StringSplitOptions.TrimEntries))
        {
            if (IPAddress.TryParse(item, out var address))
                proxies.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            else if (IPNetwork.TryParse(item, out var network))
                proxies.Add(network);
            else
                Problem("TRUSTED_PROXIES", value, $"\"{item}\" is neither an address nor a network; give none or a comma-separated list such as 10.0.0.5,192.168.1.0/24.");
        }

        return proxies;
    }

    private List<string> ReadOrigins()
    {
        var value = Value("CORS_ORIGIN");
        if (value is null or "*")
            return [];
        var origins = new List<string>();
        var items = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (items.Length == 0)
            Problem("CORS_ORIGIN", value, "give * or a comma-separated list of origins.");
        foreach (var item in items)
        {
            if (Uri.TryCreate(item, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0
                && uri.PathAndQuery is "/" && uri.Fragment.Length == 0 && uri.UserInfo.Length == 0)
                origins.Add(uri.GetLeftPart(UriPartial.Authority));
            else
                Problem("CORS_ORIGIN", value, $"\"{item}\" is not an origin; give * or a comma-separated list such as https://example.org,https://www.example.org:8443.");
        }

        return origins;
    }

    private List<string> ReadMethods()
    {
        var value = Value("CORS_METHODS") ?? "GET,POST";
        var methods = new List<string>();
        var items = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (items.Length == 0)
            Problem("CORS_METHODS", value, "give a comma-separated list such as GET,POST.");
        foreach (var item in items)
        {
            if (item.All(char.IsAsciiLetter))
                methods.Add(item.ToUpperInvariant());
            else
                Problem("CORS_METHODS", value, $"\"{item}\" is not an HTTP method; give a comma-separated list such as GET,POST.");
        }

        return methods;
    }

    private string ReadApiNamespace()
    {
        var value = Value("WP_API_NAMESPACE") ?? "chatpulse-chat/v1";
        var path = value.Trim('/');
        if (path.Length == 0 || path.Split('/').Any(segment => segment.Length == 0) || !path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '_'))
            Problem("WP_API_NAMESPACE", value, "it must be a path of letters, digits, - and _, such as chatpulse-chat/v1.");
        return path;
    }

    private string? ReadSecret(string name, int minLength)
    {
        var value = Value(name);
        if (value is not null && value.Length < minLength)
            _problems.Add($"{name} is {value.Length} characters long: it must be at least {minLength}, {SecretExample}");
        return value;
    }

    private bool ReadLogFormat(bool development)
    {
        var value = Value("LOG_FORMAT");
        if (value is not (null or "text" or "json"))
            Problem("LOG_FORMAT", value, "it must be text or json.");
        return value is null ? !development : value is "json";
    }

    private bool ReadTransport()
    {
        var value = Value("TRANSPORT");
        if (value is not (null or "sockets" or "epoll"))
            Problem("TRANSPORT", value, "it must be epoll or sockets.");
        if (value is "epoll" && !OperatingSystem.IsLinux())
            Problem("TRANSPORT", value, "there is no epoll on this system; leave it out.");
        return OperatingSystem.IsLinux() && value is not "sockets";
    }

    private LogLevel ReadLogLevel()
    {
        var value = Value("LOG_LEVEL");
        switch (value?.ToUpperInvariant())
        {
            case null or "INFO" or "INFORMATION":
                return LogLevel.Information;
            case "TRACE":
                return LogLevel.Trace;
            case "DEBUG":
                return LogLevel.Debug;
            case "WARN" or "WARNING":
                return LogLevel.Warning;
            case "ERROR":
                return LogLevel.Error;
            default:
                Problem("LOG_LEVEL", value, "it must be trace, debug, information, warning or error.");
                return LogLevel.Information;
        }
    }

    private TimeSpan ReadMilliseconds(string name, int fallback, int min, int max) =>
        TimeSpan.FromMilliseconds(ReadNumber(name, fallback, min, max, "milliseconds"));

    private int ReadNumber(string name, int fallback, int min, int max, string unit)
    {
        var value = Value(name);
        if (value is null)
            return fallback;
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
            return number;
        Problem(name, value, string.Create(CultureInfo.InvariantCulture, $"it must be {unit}: a whole number from {min} to {max}."));
        return fallback;
    }
}
