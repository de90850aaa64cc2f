using EngineIO.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace EngineIO;

/// <summary>Maps an Engine.IO server to a path.</summary>
public static class EngineIOEndpoints
{
    /// <summary>Serves <paramref name="server"/> on <paramref name="path"/> (for example <c>/engine.io</c>), with and without a trailing slash, every method.</summary>
    public static IEndpointConventionBuilder MapEngineIO(this IEndpointRouteBuilder endpoints, string path, EngineServer server) => throw new NotImplementedException();
}
