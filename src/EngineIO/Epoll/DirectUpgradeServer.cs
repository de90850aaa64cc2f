using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace EngineIO.Epoll;

/// <summary>Kestrel, and the one thing beside it that is told of the application: <see cref="DirectUpgrades"/>.</summary>
internal sealed class DirectUpgradeServer(IServer kestrel, DirectUpgrades upgrades, ILoggerFactory loggers) : IServer
{
    public IFeatureCollection Features => kestrel.Features;

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        upgrades.Application = new UpgradeApplication<TContext>(application, loggers.CreateLogger("EngineIO.Epoll"));
        return kestrel.StartAsync(application, cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => kestrel.StopAsync(cancellationToken);

    public void Dispose() => kestrel.Dispose();
}
