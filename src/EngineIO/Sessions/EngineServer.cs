using System.Collections.Concurrent;
using System.Security.Cryptography;
using EngineIO.Epoll;
using EngineIO.Transports;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EngineIO.Sessions;

/// <summary>Serves Engine.IO sessions to one application.</summary>
/// <remarks>
/// Threading: every member may be called from any thread. Sessions are in a concurrent table, from just before the application is told of them until they have
/// ended; a count beside it is taken before a session is made, so that the limit holds whoever comes at the same time.
/// </remarks>
public sealed partial class EngineServer : IAsyncDisposable, IEngineHost
{
    // 120 bits from the system's generator, 20 characters: what holds the id holds the session, so it must not be guessed.
    private const int SessionIdBytes = 15;

    private readonly ConcurrentDictionary<string, EngineSession> _sessions = new(StringComparer.Ordinal);
    private readonly EngineIOOptions _options;
    private readonly IEngineApplication _application;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly QueueBudget _budget;
    private readonly IncompleteMessages _incomplete;
    private readonly EngineMetrics _metrics;
    private readonly LoopWakes _wakes = new();
    private readonly TaskCompletionSource _allEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _sessionCount;
    private volatile bool _closing;

    /// <summary>Makes a server.</summary>
    /// <param name="options">Limits and time-outs; checked here.</param>
    /// <param name="application">Told of each new session.</param>
    /// <param name="loggerFactory">Where it logs: what fails in the application as errors, the life of sessions at debug level.</param>
    /// <param name="timeProvider">The clock of every time-out.</param>
    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it.</exception>
    public EngineServer(EngineIOOptions options, IEngineApplication application, ILoggerFactory loggerFactory, TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(application);
        ArgumentNullException.ThrowIfNull(loggerFactory);
        ArgumentNullException.ThrowIfNull(timeProvider);
        options.Validate();
        _options = options;
        _application = application;
        _logger = loggerFactory.CreateLogger("EngineIO");
        _time = timeProvider;
        Wheel = new TimingWheel(timeProvider, _logger, _wakes.WakeAll);
        _budget = new QueueBudget(options.MaxTotalQueuedBytes);
        _incomplete = new IncompleteMessages(options.MaxTotalIncompleteBytes);
        _metrics = new EngineMetrics(() => SessionCount, () => _budget.Bytes);
    }

    /// <summary>Number of open sessions.</summary>
    public int SessionCount => Volatile.Read(ref _sessionCount);

    /// <summary>The clock of everything that waits in this server. Runs until the server is disposed.</summary>
    public TimingWheel Wheel { get; }

    EngineIOOptions IEngineHost.Options => _options;

    TimeProvider IEngineHost.Time => _time;

    QueueBudget IEngineHost.Budget => _budget;

    IncompleteMessages IEngineHost.Incomplete => _incomplete;

    LoopWakes IEngineHost.Wakes => _wakes;

    /// <summary>
    /// Refuses new sessions (503), closes the open ones with <see cref="CloseReason.ServerShuttingDown"/>, completes when they have ended: at most after
    /// <see cref="EngineIOOptions.CloseTimeout"/>.
    /// </summary>
    /// <param name="cancellationToken">Gives up waiting; what has not ended then is thrown away.</param>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        _closing = true;
        foreach (var session in _sessions.Values)
            session.Close(CloseReason.ServerShuttingDown);
        if (SessionCount == 0)
            _allEnded.TrySetResult();
        try
        {
            await _allEnded.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            foreach (var session in _sessions.Values)
                session.Close(CloseReason.ServerShuttingDown, discard: true);
            throw;
        }
    }

    /// <summary>Ends what is still open at once, and stops the clock.</summary>
    public async ValueTask DisposeAsync()
    {
        _closing = true;
        foreach (var session in _sessions.Values)
            session.Close(CloseReason.ServerShuttingDown, discard: true);
        await CloseAsync();
        Wheel.Dispose();
        _metrics.Dispose();
    }

    void IEngineHost.OnEnded(EngineSession session, CloseReason reason, Exception? exception)
    {
        if (!_sessions.TryRemove(session.Id, out _))
            return;
        _metrics.Closed(reason);
        LogClosed(_logger, exception, session.Id, reason);
        if (Interlocked.Decrement(ref _sessionCount) == 0 && _closing)
            _allEnded.TrySetResult();
    }

    void IEngineHost.OnUpgraded(EngineSession session, bool succeeded)
    {
        _metrics.Upgraded(succeeded);
        LogUpgraded(_logger, session.Id, succeeded);
    }

    void IEngineHost.OnHandlerFailed(EngineSession session, Exception exception) => LogHandlerFailed(_logger, exception, session.Id);

    /// <summary>Makes a session and gives it to the application. Null when there are too many, or the server is closing.</summary>
    private EngineSession? OpenSession(HttpContext context, string sid, Func<EngineSession, ITransport> transport, Action<EngineSession>? sendOpenPacket)
    {
        if (Interlocked.Increment(ref _sessionCount) > _options.MaxSessions || _closing)
        {
            if (Interlocked.Decrement(ref _sessionCount) == 0 && _closing)
                _allEnded.TrySetResult();
            return null;
        }

        var session = new EngineSession(sid, HandshakeSnapshot.Take(context, _time), this, transport);
        _sessions[sid] = session;
        _metrics.Opened(session.Transport);
        LogOpened(_logger, sid, session.Transport);
        sendOpenPacket?.Invoke(session);
        try
        {
            session.Open(_application.OnOpened(session));
        }
        catch (Exception exception)
        {
            LogHandlerFailed(_logger, exception, sid);
            session.End(CloseReason.ForcedClose, exception);
        }

        // A close that began meanwhile may have passed over it.
        if (_closing)
            session.Close(CloseReason.ServerShuttingDown);
        return session;
    }

    private string NewSessionId()
    {
        Span<byte> bytes = stackalloc byte[SessionIdBytes];
        while (true)
        {
            RandomNumberGenerator.Fill(bytes);
            var sid = System.Buffers.Text.Base64Url.EncodeToString(bytes);
            if (!_sessions.ContainsKey(sid))
                return sid;
        }
    }

    [LoggerMessage(EventId = 10, Level = LogLevel.Debug, Message = "Session {Sid} opened over {Transport}")]
    private static partial void LogOpened(ILogger logger, string sid, EngineTransports transport);

    [LoggerMessage(EventId = 11, Level = LogLevel.Debug, Message = "Session {Sid} closed: {Reason}")]
    private static partial void LogClosed(ILogger logger, Exception? exception, string sid, CloseReason reason);

    [LoggerMessage(EventId = 12, Level = LogLevel.Debug, Message = "Upgrade of session {Sid} ended, succeeded: {Succeeded}")]
    private static partial void LogUpgraded(ILogger logger, string sid, bool succeeded);

    [LoggerMessage(EventId = 13, Level = LogLevel.Error, Message = "The application failed in session {Sid}, which is closed")]
    private static partial void LogHandlerFailed(ILogger logger, Exception exception, string sid);

    [LoggerMessage(EventId = 14, Level = LogLevel.Debug, Message = "Request refused with code {Code}: {Message}")]
    private static partial void LogRefused(ILogger logger, int code, string message);

    [LoggerMessage(EventId = 15, Level = LogLevel.Error, Message = "AllowRequest failed; the request is refused")]
    private static partial void LogAllowRequestFailed(ILogger logger, Exception exception);
}
