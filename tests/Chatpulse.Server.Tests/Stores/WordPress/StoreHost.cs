using System.Collections.Concurrent;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Identity;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Stores.WordPress;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chatpulse.Server.Tests.Stores.WordPress;

/// <summary>The WordPress store as the server registers it, over some site, with all that it logs.</summary>
internal sealed class StoreHost : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly Log _log = new();

    public StoreHost(ServerSettings settings, TimeProvider? clock = null)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(_log));
        services.AddSingleton(settings);
        services.AddSingleton(clock ?? TimeProvider.System);
        services.AddWordPressStore(settings);
        _services = services.BuildServiceProvider();
    }

    public WordPressChatStore Store => (WordPressChatStore)_services.GetRequiredService<IChatStore>();

    public WordPressSessions Sessions => _services.GetRequiredService<WordPressSessions>();

    public SiteDiscovery Discovery => _services.GetRequiredService<SiteDiscovery>();

    /// <summary>What was logged: level and text.</summary>
    public IReadOnlyCollection<string> Logged => _log.Lines;

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private sealed class Log : ILoggerProvider
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => new Logger(Lines);

        public void Dispose()
        {
            // Holds nothing but lines.
        }
    }

    private sealed class Logger(ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");
    }
}
