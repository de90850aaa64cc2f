using System.Globalization;
using System.Net;
using System.Text;

namespace Chatpulse.Server.Configuration;

/// <summary>Makes <see cref="ServerSettings"/> of named values, and reports everything that is wrong with them at once.</summary>
public sealed class SettingsReader
{
    private const int MinSecretBytes = 32;
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
        RefuseWordPressStore();
        var development = ReadEnvironment();
        var (mode, secret) = ReadAuthentication(development);
        return new ServerSettings
        {
            IsDevelopment = development,
            Host = ReadHost(development),
            Port = ReadNumber("PORT", 3001, 0, 65535, "a port"),
            CorsOrigins = ReadOrigins(),
            CorsMethods = ReadMethods(),
            PingInterval = ReadMilliseconds("SOCKET_PING_INTERVAL", 25_000, 100, 3_600_000),
            PingTimeout = ReadMilliseconds("SOCKET_PING_TIMEOUT", 60_000, 100, 3_600_000),
            ApiNamespace = ReadApiNamespace(),
            AuthMode = mode,
            AuthSecret = secret,
            AuthGracePeriod = ReadMilliseconds("AUTH_GRACE_PERIOD", 60_000, 0, 3_600_000),
            AdminToken = ReadSecret("ADMIN_TOKEN", 16),
            WebhookSecret = ReadSecret("WEBHOOK_SECRET", 16),
            DataDirectory = Value("DATA_DIR") ?? "./data",
            LogLevel = ReadLogLevel(),
            LogAsJson = ReadLogFormat(development),
            Warnings = _warnings,
        };
    }

    private string? Value(string name) => _source(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

    private void Problem(string name, string? value, string expected) =>
        _problems.Add(value is null ? $"{name} is not set: {expected}" : $"{name} is \"{value}\": {expected}");

    private void RefuseWordPressStore()
    {
        if (Value("WP_BASE_URL") is { } url)
            Problem("WP_BASE_URL", url, "the WordPress store is not part of this build; leave it unset to keep messages in DATA_DIR.");

        // Checked although only the WordPress store would use them, so that a mistake shows before that store is switched on.
        ReadMilliseconds("WP_API_TIMEOUT", 10_000, 100, 600_000);
    }

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
                    "in production (NODE_ENV=production) users must be proven; set AUTH_MODE=token and AUTH_SECRET, or, where something in front of "
                    + "this server proves them, AUTH_MODE=userid.");
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
                Problem("AUTH_MODE", mode, "it comes with the WordPress store, which is not part of this build; use token or userid.");
                return (AuthMode.Token, secret);
            default:
                Problem("AUTH_MODE", mode, "it must be token or userid.");
                return (AuthMode.Token, secret);
        }
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
