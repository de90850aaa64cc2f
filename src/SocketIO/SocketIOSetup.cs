using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SocketIO.Server;

namespace SocketIO;

/// <summary>Puts a Socket.IO server into an ASP.NET Core application.</summary>
public static class SocketIOSetup
{
    /// <summary>Registers one <see cref="SocketIOServer"/>.</summary>
    public static IServiceCollection AddSocketIO(this IServiceCollection services, Action<SocketIOOptions>? configure = null) => throw new NotImplementedException();

    /// <summary>Serves it on <paramref name="path"/>, with and without a trailing slash.</summary>
    public static IEndpointConventionBuilder MapSocketIO(this IEndpointRouteBuilder endpoints, string path = "/socket.io") => throw new NotImplementedException();
}
