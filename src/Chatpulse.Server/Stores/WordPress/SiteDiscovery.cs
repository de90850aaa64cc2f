using System.Globalization;
using System.Text.Json;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// Finds out what the site can do: in the background at start (a site that is down is no reason not to start), every few minutes, when it comes back, and
/// when a call shows that its plugin was changed. Who needs to know before it is known waits for it, or starts it.
/// </summary>
/// <remarks>
/// Threading: anyone calls; the lock guards which inquiry is under way, of which there is one at a time. The profile is replaced as a whole.
/// </remarks>
internal sealed partial class SiteDiscovery : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan IntervalWhileFailing = TimeSpan.FromSeconds(5);

    private readonly WordPressSite _site;
    private readonly ServerSettings _settings;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private Task? _underWay;
    private volatile SiteProfile? _profile;
    private volatile string? _problem;
    private volatile bool _outdated;
    private volatile int _returns;

    public SiteDiscovery(WordPressSite site, ServerSettings settings, TimeProvider timeProvider, ILogger<SiteDiscovery> logger)
    {
        _site = site;
        _settings = settings;
        _timeProvider = timeProvider;
        _logger = logger;
    }

    /// <summary>The site's clock; UTC until it is known.</summary>
    public SiteClock Clock => _profile?.Clock ?? SiteClock.Utc;

    /// <summary>What is wrong, as the last inquiry found; null for nothing, or when there was none yet.</summary>
    public string? Problem => _problem;

    /// <summary>The site's profile, found out if it is not known. Throws <c>unavailable</c> when it cannot be.</summary>
    public async ValueTask<SiteProfile> GetAsync(CancellationToken cancellationToken)
    {
        if (_profile is { } known)
        {
            if (_outdated || _returns != _site.Returns)
                _ = RefreshAsync();
            return known;
        }

        await RefreshAsync().WaitAsync(cancellationToken);
        return _profile ?? throw new ChatException(ChatErrorCodes.Unavailable, "The WordPress site cannot be reached or is not set up for chat; try again.");
    }

    /// <summary>Something shows that the site is no longer as it was: the next one who needs to know asks again.</summary>
    public void Invalidate() => _outdated = true;

    /// <summary>Asks the site; completes when it has answered or failed, and never throws.</summary>
    public Task RefreshAsync()
    {
        lock (_lock)
        {
            if (_underWay is null or { IsCompleted: true })
                _underWay = InquireAsync();
            return _underWay;
        }
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await RefreshAsync().WaitAsync(stoppingToken);
                await Task.Delay(_problem is null ? Interval : IntervalWhileFailing, _timeProvider, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // A host that never got as far as starting takes the cancellation for a failure.
        }
    }

    private async Task InquireAsync()
    {
        // Not inside the lock of the one who asks.
        await Task.Yield();
        _outdated = false;
        _returns = _site.Returns;
        try
        {
            var clock = await FindClockAsync();
            var hasBatch = await FindBatchAsync();
            var before = _profile;
            _profile = new SiteProfile(hasBatch, clock);
            if (before is null || before.HasBatch != hasBatch)
                LogFound(hasBatch, clock);
            _problem = null;
            if (_site.HasKey)
                await CheckKeyAsync();
        }
        catch (ChatException failure)
        {
            Fail((failure.InnerException as SiteFailureException)?.Message ?? failure.Message);
        }
        catch (SiteErrorException error)
        {
            // A key that is refused was said already.
            Fail(_site.Problem ?? (error.Status == StatusCodes.Status404NotFound
                ? $"The WordPress site has no routes below {_settings.ApiNamespace}: is the Chatpulse plugin active, and WP_API_NAMESPACE right?"
                : string.Create(CultureInfo.InvariantCulture, $"The WordPress site refuses to say what it can do: {error.Status} {error.Code}: {error.Message}")));
        }
        catch (Exception defect)
        {
            LogDefect(defect);
            _problem = "The WordPress site could not be asked what it can do. The server's log says why.";
        }
    }

    private async Task<SiteClock> FindClockAsync()
    {
        try
        {
            var call = new SiteCall(HttpMethod.Get, "?_fields=gmt_offset,timezone_string", SiteCaller.Nobody);
            var index = (await _site.CallAsync(call, SiteJson.Default.SiteIndex, CancellationToken.None)).Body;
            var clock = SiteClock.Create(index.TimezoneString, Number(index.GmtOffset), out var zoneIsKnown);
            if (!zoneIsKnown)
                LogUnknownZone(index.TimezoneString!, clock.Name);
            return clock;
        }
        catch (SiteErrorException error)
        {
            // Some sites hide their index from strangers.
            LogNoClock(error.Status, error.Code, Clock.Name);
            return Clock;
        }
    }

    private async Task<bool> FindBatchAsync()
    {
        var call = new SiteCall(HttpMethod.Get, _settings.ApiNamespace, SiteCaller.Nobody);
        var routes = (await _site.CallAsync(call, SiteJson.Default.SiteNamespace, CancellationToken.None)).Body.Routes;
        return routes is not null && routes.ContainsKey($"/{_settings.ApiNamespace}/batch");
    }

    private async Task CheckKeyAsync()
    {
        // Says nothing about any user's right: only whether the key is the one that the site knows.
        var call = new SiteCall(HttpMethod.Get, $"{_settings.ApiNamespace}/users?per_page=1", SiteCaller.Server);
        await _site.CallAsync(call, SiteJson.Default.ListSiteUser, CancellationToken.None);
        _site.NoteKeyTaken();
    }

    private void Fail(string problem)
    {
        if (!string.Equals(_problem, problem, StringComparison.Ordinal))
            LogFailed(problem);
        _problem = problem;
    }

    private void LogFound(bool hasBatch, SiteClock clock)
    {
        if (hasBatch && _site.HasKey)
        {
            LogPlugin(clock.Name);
            return;
        }

        LogStockPlugin(clock.Name);
        if (hasBatch)
            LogNoKey();
        switch (_settings.AuthMode)
        {
            case AuthMode.UserId:
                LogUnprotected();
                break;
            case AuthMode.Token:
                LogWebhooksOnly();
                break;
        }
    }

    private static double Number(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.String when double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => 0,
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "Messages are kept by the WordPress site, which runs this project's plugin; its clock is {Zone}")]
    private partial void LogPlugin(string zone);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Messages are kept by the WordPress site, one call a message, without edits, deletes and reactions: its plugin takes no batches; its clock is {Zone}")]
    private partial void LogStockPlugin(string zone);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The site's plugin takes batches, but WP_API_KEY is not set, which they need")]
    private partial void LogNoKey();

    [LoggerMessage(Level = LogLevel.Warning, Message = "NOT PROTECTED: with AUTH_MODE=userid and this plugin nobody can tell who is in a thread. Whoever can connect can read every thread of the site and write to it as anybody. Install this project's plugin, or set AUTH_MODE=wordpress")]
    private partial void LogUnprotected();

    [LoggerMessage(Level = LogLevel.Warning, Message = "With AUTH_MODE=token and this plugin only the threads that thread-created webhooks told of since the start can be used: install this project's plugin, or set AUTH_MODE=wordpress")]
    private partial void LogWebhooksOnly();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The site's time zone {Zone} is not known on this machine (is tzdata installed?); {Offset} is used, which is wrong for times on the other side of a change of the clocks")]
    private partial void LogUnknownZone(string zone, string offset);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The site does not show its time zone ({Status} {Code}); {Zone} is assumed")]
    private partial void LogNoClock(int status, string code, string zone);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Problem}")]
    private partial void LogFailed(string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "The WordPress site could not be asked what it can do")]
    private partial void LogDefect(Exception defect);
}
