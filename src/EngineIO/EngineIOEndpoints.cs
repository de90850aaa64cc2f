using EngineIO.Epoll;
using EngineIO.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EngineIO;

/// <summary>Maps an Engine.IO server to a path.</summary>
public static class EngineIOEndpoints
{
    /// <summary>Serves <paramref name="server"/> on <paramref name="path"/> (for example <c>/engine.io</c>), with and without a trailing slash, every method.</summary>
    /// <remarks>When the host begins to stop, the server is closed: its clients are told, and open polls and sockets do not hold the host up.</remarks>
    public static IEndpointConventionBuilder MapEngineIO(this IEndpointRouteBuilder endpoints, string path, EngineServer server)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(server);
        endpoints.ServiceProvider.GetService<IHostApplicationLifetime>()?.ApplicationStopping.Register(() => _ = server.CloseAsync());
        endpoints.ServiceProvider.GetService<DirectUpgrades>()?.Add(path);
        return endpoints.Map(path, server.HandleAsync).WithDisplayName($"Engine.IO {path}");
    }
}
