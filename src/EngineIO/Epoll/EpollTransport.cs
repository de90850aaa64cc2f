using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EngineIO.Epoll;

/// <summary>Kestrel on event loops of ours.</summary>
public static class EpollTransport
{
    /// <summary>
    /// Lets Kestrel accept TCP connections through event loops on Linux's epoll in place of the framework's sockets. A connection that becomes a WebSocket of
    /// <see cref="Sessions.EngineServer"/> over plain HTTP/1.1 leaves Kestrel: it is read, handled and written by its loop, without a change of threads and
    /// without the memory of a request. TLS and HTTP/2 work as before. On other systems this does nothing.
    /// </summary>
    /// <remarks>
    /// Handlers then begin on the loop's thread. Those that await leave it free; one that blocks delays the loop's other connections by some
    /// 30 ms, until another thread has taken the loop over. A WebSocket that has left Kestrel does not count in
    /// <c>KestrelServerLimits.MaxConcurrentUpgradedConnections</c>; <see cref="EngineIOOptions.MaxSessions"/> bounds it.
    /// </remarks>
    /// <param name="builder">The host.</param>
    /// <param name="configure">Changes the options.</param>
    public static IWebHostBuilder UseEpollTransport(this IWebHostBuilder builder, Action<EpollTransportOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new EpollTransportOptions();
        configure?.Invoke(options);
        if (!OperatingSystem.IsLinux())
            return builder;
        return builder.ConfigureServices(services =>
        {
            if (options.DirectUpgrades)
                AddDirectUpgrades(services);
            services.AddSingleton<IConnectionListenerFactory>(provider => new EpollTransportFactory(
                options, provider.GetService<DirectUpgrades>(), provider.GetRequiredService<ILoggerFactory>(), provider.GetRequiredService<IMemoryPoolFactory<byte>>()));
        });
    }

    // Only the server is told of the application. Where it is none that is known by its type, as in a test host, nothing listens on epoll either.
    private static void AddDirectUpgrades(IServiceCollection services)
    {
        if (services.LastOrDefault(service => service.ServiceType == typeof(IServer))?.ImplementationType is not { } kestrel)
            return;
        services.AddSingleton(new DirectUpgrades());
        services.AddSingleton<IServer>(provider => new DirectUpgradeServer(
            (IServer)ActivatorUtilities.CreateInstance(provider, kestrel), provider.GetRequiredService<DirectUpgrades>(), provider.GetRequiredService<ILoggerFactory>()));
    }
}
