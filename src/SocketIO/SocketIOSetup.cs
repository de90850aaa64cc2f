using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using EngineIO;
using SocketIO.Server;

namespace SocketIO;

/// <summary>Puts a Socket.IO server into an ASP.NET Core application.</summary>
public static class SocketIOSetup
{
    /// <summary>
    /// Registers one <see cref="SocketIOServer"/>. Its settings are checked when the application starts. When the application
    /// stops, clients are told at once (<c>server shutting down</c>) and do not hold up the end.
    /// </summary>
    public static IServiceCollection AddSocketIO(this IServiceCollection services, Action<SocketIOOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddOptions<SocketIOOptions>();
        if (configure is not null) options.Configure(configure);
        options.ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SocketIOOptions>, SocketIOOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => new SocketIOServer(
            provider.GetRequiredService<IOptions<SocketIOOptions>>().Value,
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    /// <summary>Serves the registered server on <paramref name="path"/>, with and without a trailing slash, and the client bundle below it.</summary>
    /// <returns>What conventions are added to. They apply to the endpoint itself and not to the client bundle, which is public.</returns>
    /// <exception cref="InvalidOperationException"><see cref="AddSocketIO"/> was not called.</exception>
    public static IEndpointConventionBuilder MapSocketIO(this IEndpointRouteBuilder endpoints, string path = "/socket.io")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var server = endpoints.ServiceProvider.GetService<SocketIOServer>()
            ?? throw new InvalidOperationException("There is no Socket.IO server to serve: call services.AddSocketIO() first.");
        return endpoints.MapSocketIO(path, server);
    }

    /// <summary>Serves a server that the application made itself, for instance a second one.</summary>
    public static IEndpointConventionBuilder MapSocketIO(this IEndpointRouteBuilder endpoints, string path, SocketIOServer server)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(server);

        // Open connections are requests: without this, stopping waits for them until the host's time-out.
        var lifetime = endpoints.ServiceProvider.GetService<IHostApplicationLifetime>();
        lifetime?.ApplicationStopping.Register(static state => _ = ((SocketIOServer)state!).CloseAsync(), server);
        if (server.Options.ServeClient) endpoints.MapClientBundle(path, server.Engine);
        return endpoints.MapEngineIO(path, server.Engine);
    }

    private sealed class SocketIOOptionsValidator : IValidateOptions<SocketIOOptions>
    {
        public ValidateOptionsResult Validate(string? name, SocketIOOptions options) =>
            options.FindErrors() is { Count: > 0 } errors ? ValidateOptionsResult.Fail(errors) : ValidateOptionsResult.Success;
    }
}
