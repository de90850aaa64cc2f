using System.Net;
using System.Text.Json;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Logging;
using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Identity;

/// <summary>Shows a login to the site over HTTP: <c>GET {WP_BASE_URL}/wp/v2/users/me</c> with the user's cookie and nonce, and without the API key.</summary>
/// <remarks>Thread-safe. At most <c>WP_API_CONCURRENCY</c> calls at the same time, each at most <c>WP_API_TIMEOUT</c>; no redirect is followed with a cookie.</remarks>
internal sealed partial class WordPressLogin : IWordPressLogin, IDisposable
{
    private const int MaxAnswerBytes = 1_000_000;

    private readonly SemaphoreSlim _calls;
    private readonly HttpClient _http;
    private readonly Uri? _address;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _timeProvider;
    private readonly RepeatedWarnings _warnings;
    private readonly ILogger<WordPressLogin> _logger;

    public WordPressLogin(ServerSettings settings, TimeProvider timeProvider, ILogger<WordPressLogin> logger)
    {
        // Nobody is proven this way without a site.
        _address = settings.WordPressBaseUrl is { } site ? new Uri(site.AbsoluteUri.TrimEnd('/') + "/wp/v2/users/me?_fields=id,name") : null;
        _timeout = settings.WordPressTimeout;
        _calls = new SemaphoreSlim(settings.WordPressConcurrency);
        _timeProvider = timeProvider;
        _warnings = new RepeatedWarnings(timeProvider);
        _logger = logger;
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
    }

    /// <inheritdoc />
    public async ValueTask<UserIdentity> ProveAsync(WordPressCredentials credentials, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(_timeout, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await _calls.WaitAsync(either.Token);
            try
            {
                return await AskAsync(credentials, either.Token);
            }
            finally
            {
                _calls.Release();
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw Unavailable("it did not answer in time");
        }
        catch (HttpRequestException failure)
        {
            throw Unavailable(failure.Message);
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _calls.Dispose();
    }

    private async ValueTask<UserIdentity> AskAsync(WordPressCredentials credentials, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _address);
        request.Headers.TryAddWithoutValidation("Cookie", credentials.Cookie);
        request.Headers.TryAddWithoutValidation("X-WP-Nonce", credentials.Nonce);
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        using var answer = TryParse(body);
        var root = answer?.RootElement ?? default;
        if (response.StatusCode == HttpStatusCode.OK
            && root.ValueKind == JsonValueKind.Object && root.TryGetProperty("id", out var idField) && ChatIds.TryRead(idField, out var id))
        {
            var name = root.TryGetProperty("name", out var field) && EventPayload.TryGetText(field, out var text) && text.Trim() is { Length: > 0 and <= StoreLimits.DisplayNameLength } shown ? shown : null;
            return new UserIdentity(id, name, ExpiresAt: null);
        }

        var code = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("code", out var codeField) && EventPayload.TryGetText(codeField, out var codeText) ? codeText : null;
        throw (response.StatusCode, code) switch
        {
            (HttpStatusCode.Unauthorized, not null) => Refused("nobody is signed in at the site with this cookie"),

            // The nonce belongs to the login: it is wrong too when the login has ended.
            (HttpStatusCode.Forbidden, "rest_cookie_invalid_nonce") => Refused("the nonce is not valid, or no longer, for this login; take a new one from the site"),
            _ => Unavailable($"GET {_address?.AbsolutePath} was answered with {(int)response.StatusCode} {response.Content.Headers.ContentType} {code}"),
        };
    }

    private static JsonDocument? TryParse(byte[] body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private ChatException Unavailable(string why)
    {
        if (_warnings.ShouldLog(why, out var unlogged))
            LogUnavailable(why, unlogged);
        return new ChatException(ChatErrorCodes.Unavailable, "The site that signs users in cannot be asked at the moment; try again.");
    }

    private static ChatException Refused(string why) => new(ChatErrorCodes.Unauthenticated, $"Authentication failed: {why}.");

    [LoggerMessage(Level = LogLevel.Warning, Message = "A login could not be shown to the WordPress site: {Why} ({Unlogged} more times since this was last logged)")]
    private partial void LogUnavailable(string why, long unlogged);
}
