using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.RateLimiting;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// The WordPress site as something to call. A call waits for its turn at most <c>WP_API_TIMEOUT</c> and then takes at most as long, its answer read and its
/// repeats with it. It ends with the answer, with a <see cref="SiteErrorException"/> (the site says no), or with <c>unavailable</c>, whose inner
/// <see cref="SiteFailureException"/> tells whether the site may have done it all the same. Calls are repeated only where that is harmless.
/// </summary>
/// <remarks>
/// Threading: anyone calls. At most <c>WP_API_CONCURRENCY</c> calls, and <see cref="MaxDownloads"/> files, are under way and <see cref="MaxWaiting"/> calls wait. The lock guards what is known of the
/// site's state, for <c>/health</c>. Redirects are never followed: they would carry the key or a cookie to wherever the answer says.
/// </remarks>
internal sealed partial class WordPressSite : IDisposable
{
    /// <summary>The name of the HTTP client.</summary>
    public const string ClientName = "WordPress";

    /// <summary>Calls that wait for their turn; more could not be served within the time-out.</summary>
    public const int MaxWaiting = 1_000;

    private const int Tries = 3;
    private const int LoggedCharacters = 200;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);

    private readonly IHttpClientFactory _http;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly string _baseUrl;
    private readonly string? _apiKey;
    private readonly TimeSpan _timeout;
    private readonly ConcurrencyLimiter _turns;
    private readonly CircuitBreaker _breaker;
    private readonly Lock _lock = new();
    private string? _lastFailure;
    private string? _keyRefusal;
    private string? _writeFailure;
    private long? _lastAnswerAt;
    private string? _lastLogged;
    private long _lastLoggedAt;
    private int _returns;

    public WordPressSite(ServerSettings settings, IHttpClientFactory http, TimeProvider timeProvider, ILogger<WordPressSite> logger)
    {
        _http = http;
        _timeProvider = timeProvider;
        _logger = logger;
        _baseUrl = settings.WordPressBaseUrl!.AbsoluteUri.TrimEnd('/');
        _apiKey = settings.WordPressApiKey;
        _timeout = settings.WordPressTimeout;
        _breaker = new CircuitBreaker(timeProvider);
        MaxBatches = settings.WordPressConcurrency >= 4 ? 2 : 1;
        BatchesHaveTheirOwnPlace = settings.WordPressConcurrency > 1;
        _turns = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = BatchesHaveTheirOwnPlace ? settings.WordPressConcurrency - MaxBatches : 1,
            QueueLimit = MaxWaiting,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
    }

    /// <summary>How often the site has come back after a while in which it did not answer.</summary>
    public int Returns => Volatile.Read(ref _returns);

    /// <summary>How long a call may take, its wait included.</summary>
    public TimeSpan TimeOut => _timeout;

    /// <summary>Batches that may be under way at the same time.</summary>
    public int MaxBatches { get; }

    /// <summary>Whether there is a key to call with.</summary>
    public bool HasKey => _apiKey is not null;

    private bool BatchesHaveTheirOwnPlace { get; }

    /// <summary>What is wrong with the site as far as is known without a call; null for nothing.</summary>
    public string? Problem
    {
        get
        {
            lock (_lock)
                return _breaker.Refuses ? _lastFailure : _keyRefusal ?? _writeFailure;
        }
    }

    /// <summary>How long ago the site last answered; null when it never did.</summary>
    public TimeSpan? SinceLastAnswer
    {
        get
        {
            lock (_lock)
                return _lastAnswerAt is { } at ? _timeProvider.GetElapsedTime(at) : null;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _turns.Dispose();
        _downloads.Dispose();
    }

    /// <summary>Makes a call whose answer is JSON.</summary>
    public async Task<SiteAnswer<T>> CallAsync<T>(SiteCall call, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        // The wait for a turn counts: what was promised is the time until the answer.
        using var deadline = new CancellationTokenSource(call.Deadline ?? _timeout, _timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        using var turn = await TurnAsync(_turns, call, linked.Token, cancellationToken);
        var pause = FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var answer = await TryAsync(
                    call,
                    async (response, token) => new SiteAnswer<T>((int)response.StatusCode, Read(call, response, await ReadBodyAsync(call, response, token), type)),
                    linked.Token,
                    cancellationToken);
                return answer with { Repeated = attempt > 1 };
            }
            catch (SiteFailureException failure) when (call.Repeatable && failure.Passing && attempt < Tries)
            {
                LogRepeat(failure.Message);
            }
            catch (SiteFailureException failure)
            {
                throw Unavailable(failure);
            }

            try
            {
                await Task.Delay(pause, _timeProvider, linked.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw Unavailable(TimedOut(call));
            }

            pause *= 4;
        }
    }

    /// <summary>The refusal that callers get when the site failed them.</summary>
    public static ChatException Unavailable(SiteFailureException failure) =>
        new(ChatErrorCodes.Unavailable, "The WordPress site cannot be reached or does not answer as it should; try again.", failure);

    private async ValueTask<RateLimitLease?> TurnAsync(ConcurrencyLimiter turns, SiteCall call, CancellationToken token, CancellationToken callers)
    {
        callers.ThrowIfCancellationRequested();
        try
        {
            if (!await _breaker.WaitAsync(token))
                throw Unavailable(NotCalled());
            if (call.IsBatch && BatchesHaveTheirOwnPlace)
                return null;
            var lease = await turns.AcquireAsync(1, token);
            if (lease.IsAcquired)
                return lease;
            lease.Dispose();
        }
        catch (OperationCanceledException) when (!callers.IsCancellationRequested)
        {
            // The wait was too long.
        }

        throw new ChatException(ChatErrorCodes.Unavailable, "Too many calls are waiting for the WordPress site; try again.");
    }

    private async Task<T> TryAsync<T>(
        SiteCall call, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken token, CancellationToken callers, bool keepsResponse = false)
    {
        var pass = CircuitBreaker.Pass.Refused;
        try
        {
            pass = await _breaker.EnterAsync(token);
        }
        catch (OperationCanceledException) when (!callers.IsCancellationRequested)
        {
            // The break was longer than what was left of the time-out.
        }

        if (pass == CircuitBreaker.Pass.Refused)
            throw NotCalled();
        var begun = _timeProvider.GetTimestamp();
        var outcome = CircuitBreaker.Outcome.Abandoned;
        SiteFailureException? failure = null;
        try
        {
            var result = await SendAsync(call, read, keepsResponse, token);
            outcome = CircuitBreaker.Outcome.Answered;
            return result;
        }
        catch (SiteErrorException error)
        {
            outcome = CircuitBreaker.Outcome.Answered;
            NoteRefusal(call, error);
            throw;
        }
        catch (SiteFailureException seen)
        {
            // One long thread is no reason to keep everybody from the others.
            outcome = seen.IsTooLong ? CircuitBreaker.Outcome.Answered : CircuitBreaker.Outcome.Failed;
            failure = seen;
            throw;
        }
        catch (OperationCanceledException) when (!callers.IsCancellationRequested)
        {
            // Only who waited for most of the time-out has seen that the site is silent: a call that got its turn late has not.
            var waited = _timeProvider.GetElapsedTime(begun);
            outcome = waited < _timeout * 0.9 || SinceLastAnswer < waited ? CircuitBreaker.Outcome.Failed : CircuitBreaker.Outcome.Silent;
            failure = TimedOut(call);
            throw failure;
        }
        // The last is what a broken compression is.
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            outcome = CircuitBreaker.Outcome.Failed;
            var never = e is HttpRequestException
            {
                HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError
                or HttpRequestError.ProxyTunnelError,
            };
            failure = new SiteFailureException($"{Where(call)}: {e.Message}", mayBeDone: !never, passing: true, e);
            throw failure;
        }
        finally
        {
            Note(call, outcome, failure);
            if (_breaker.End(pass, outcome, failure?.RetryAfter))
                NoteChange(outcome, failure);
        }
    }

    private async Task<T> SendAsync<T>(SiteCall call, Func<HttpResponseMessage, CancellationToken, Task<T>> read, bool keepsResponse, CancellationToken token)
    {
        using var request = new HttpRequestMessage(call.Method, $"{_baseUrl}/{call.Path}");
        request.Content = call.Content?.Invoke();
        if (!call.Caller.TryApply(request, _apiKey))
            throw new SiteErrorException((int)HttpStatusCode.Unauthorized, "rest_not_logged_in", "The login cookie or the nonce has characters that neither can have.");
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", "Chatpulse");

        using var client = _http.CreateClient(ClientName);
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
        var kept = false;
        try
        {
            if (!response.IsSuccessStatusCode)
                await ThrowAsync(call, response, token);
            var result = await read(response, token);
            kept = keepsResponse;
            return result;
        }
        finally
        {
            if (!kept)
                response.Dispose();
        }
    }

    private async Task ThrowAsync(SiteCall call, HttpResponseMessage response, CancellationToken token)
    {
        var status = (int)response.StatusCode;
        var retryAfter = RetryAfter(response);
        if (status is >= 300 and < 400)
        {
            throw new SiteFailureException(
                $"{Where(call)}: WP_BASE_URL redirects to {call.Caller.Redact(response.Headers.Location?.OriginalString ?? "nowhere", _apiKey)}: set it to that",
                mayBeDone: false,
                passing: false);
        }

        var body = await ReadBodyAsync(call, response, token);
        if (IsJson(response) && TryReadError(body, out var code, out var message, out var after)
            && status is not (502 or 503 or 504) && code is not ("internal_server_error" or "wp_die"))
        {
            throw new SiteErrorException(status, code, message) { RetryAfter = after ?? retryAfter };
        }

        // A cache or a firewall before the site that counts calls: no fault of the site's.
        if (status == (int)HttpStatusCode.TooManyRequests)
            throw new SiteErrorException(status, "rate_limit_exceeded", "The site is called too often.") { RetryAfter = retryAfter };
        throw new SiteFailureException(Seen(call, response, body, "is an error"), mayBeDone: true, passing: status is 502 or 503 or 504) { RetryAfter = retryAfter };
    }

    private T Read<T>(SiteCall call, HttpResponseMessage response, ReadOnlyMemory<byte> body, JsonTypeInfo<T> type)
    {
        if (!IsJson(response))
            throw new SiteFailureException(Seen(call, response, body, "is not JSON"), mayBeDone: true, passing: false);
        try
        {
            // Some sites have a byte order mark in a file of their theme, which PHP prints before everything.
            var json = body.Span.StartsWith("\uFEFF"u8) ? body.Span[3..] : body.Span;
            return JsonSerializer.Deserialize(json, type) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new SiteFailureException(Seen(call, response, body, "cannot be read"), mayBeDone: true, passing: false, e);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(SiteCall call, HttpResponseMessage response, CancellationToken token)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(token);
        var expected = response.Content.Headers.ContentLength;
        if (expected > call.MaxAnswerBytes)
            throw TooMuch(call);
        var buffer = new byte[(int)(expected ?? 4096) + 1];
        var length = 0;
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), token);
            if (read == 0)
                return buffer.AsMemory(0, length);
            length += read;
            if (length > call.MaxAnswerBytes)
                throw TooMuch(call);
            if (length == buffer.Length)
                Array.Resize(ref buffer, Math.Min(2 * buffer.Length, call.MaxAnswerBytes + 1));
        }
    }

    private static SiteFailureException TooMuch(SiteCall call) => new(
        string.Create(CultureInfo.InvariantCulture, $"{Where(call)} answered more than {call.MaxAnswerBytes} bytes"), mayBeDone: true, passing: false)
    {
        IsTooLong = true,
    };

    private SiteFailureException TimedOut(SiteCall call) => new(
        string.Create(CultureInfo.InvariantCulture, $"{Where(call)} did not answer within {_timeout.TotalMilliseconds:0} ms (WP_API_TIMEOUT)"), mayBeDone: true, passing: false);

    private SiteFailureException NotCalled()
    {
        lock (_lock)
            return new SiteFailureException($"not called, because it failed just now: {_lastFailure}", mayBeDone: false, passing: false);
    }

    // WordPress writes UTF-8 and nothing else; a page that says otherwise is not from its REST API.
    private static bool IsJson(HttpResponseMessage response) =>
        response.Content.Headers.ContentType is { MediaType: { } type } header
        && (type.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase))
        && (header.CharSet is null || header.CharSet.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    private static bool TryReadError(ReadOnlyMemory<byte> body, out string code, out string message, out TimeSpan? retryAfter)
    {
        (code, message, retryAfter) = ("", "", null);
        try
        {
            if (JsonSerializer.Deserialize(body.Span, SiteJson.Default.SiteError) is not { Code: { Length: > 0 } } error)
                return false;
            (code, message, retryAfter) = (error.Code, error.Message ?? error.Code, error.RetryAfter);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > _timeProvider.GetUtcNow() => date - _timeProvider.GetUtcNow(),
        _ => null,
    };

    // The path without its query, which has people's text.
    private static string Route(SiteCall call) => call.Path.Split('?', 2)[0];

    private static string Where(SiteCall call) => $"{call.Method} {Route(call)}";

    private string Seen(SiteCall call, HttpResponseMessage response, ReadOnlyMemory<byte> body, string what)
    {
        // Much more than is logged, so that no secret is cut in two by the end of what is looked at and then moves into what is logged.
        var start = Encoding.UTF8.GetString(body.Span[..Math.Min(body.Length, 64 * 1024)]);
        start = call.Caller.Redact(start, _apiKey);
        start = string.Concat(start.Take(LoggedCharacters).Select(c => char.IsControl(c) ? ' ' : c));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Where(call)}: the answer {what}: status {(int)response.StatusCode}, {response.Content.Headers.ContentType?.ToString() ?? "no content type"}: {start}");
    }

    // A key that is refused is refused for everybody: nothing works until somebody sets the right one.
    private void NoteRefusal(SiteCall call, SiteErrorException error)
    {
        if (!call.Caller.UsesKey || error.Status != (int)HttpStatusCode.Unauthorized)
            return;
        var refusal = HasKey ? $"The WordPress site refuses WP_API_KEY: {error.Message}" : "The WordPress site asks for WP_API_KEY, which is not set";
        bool isNew;
        lock (_lock)
        {
            isNew = _keyRefusal is null;
            _keyRefusal = refusal;
        }

        if (isNew)
            LogKeyRefused(refusal, error.Code);
    }

    private void Note(SiteCall call, CircuitBreaker.Outcome outcome, SiteFailureException? failure)
    {
        var log = false;
        lock (_lock)
        {
            if (outcome == CircuitBreaker.Outcome.Answered)
                _lastAnswerAt = _timeProvider.GetTimestamp();
            if (failure is null)
                return;
            _lastFailure = $"The WordPress site failed: {failure.Message}";
            log = !string.Equals(_lastLogged, failure.Message, StringComparison.Ordinal) || _timeProvider.GetElapsedTime(_lastLoggedAt) >= LogInterval;
            if (log)
                (_lastLogged, _lastLoggedAt) = (failure.Message, _timeProvider.GetTimestamp());
        }

        if (log)
            LogFailed(failure.Message, call.Method);
    }

    /// <summary>How the last writes went: why none could be stored, as when the site's disk is full, or null when one was.</summary>
    public void NoteWrites(string? failure)
    {
        bool isNew;
        lock (_lock)
        {
            isNew = failure is not null && _writeFailure is null;
            _writeFailure = failure;
        }

        if (isNew)
            LogCannotStore(failure!);
    }

    /// <summary>The site has taken the key: what was said of it before is over.</summary>
    public void NoteKeyTaken()
    {
        lock (_lock)
            _keyRefusal = null;
    }

    private void NoteChange(CircuitBreaker.Outcome outcome, SiteFailureException? failure)
    {
        if (outcome is CircuitBreaker.Outcome.Failed or CircuitBreaker.Outcome.Silent)
        {
            LogOpened(failure!.Message);
        }
        else
        {
            LogClosed();
            Interlocked.Increment(ref _returns);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The WordPress site failed a {Method}: {Reason}")]
    private partial void LogFailed(string reason, HttpMethod method);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A call to the WordPress site is tried again: {Reason}")]
    private partial void LogRepeat(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The WordPress site does not answer; it is asked again every second, and everybody else is refused until it does. {Reason}")]
    private partial void LogOpened(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Failure}")]
    private partial void LogCannotStore(string failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The WordPress site answers again")]
    private partial void LogClosed();

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Refusal} ({Code}). Nobody can chat until WP_API_KEY is the key of the plugin's settings page")]
    private partial void LogKeyRefused(string refusal, string code);
}
