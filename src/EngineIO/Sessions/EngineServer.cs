using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EngineIO.Sessions;

/// <summary>Serves Engine.IO sessions to one application.</summary>
public sealed class EngineServer : IAsyncDisposable
{
    /// <summary>Makes a server.</summary>
    public EngineServer(EngineIOOptions options, IEngineApplication application, ILoggerFactory loggerFactory, TimeProvider timeProvider) => throw new NotImplementedException();

    /// <summary>Number of open sessions.</summary>
    public int SessionCount => throw new NotImplementedException();

    /// <summary>The clock of everything that waits in this server.</summary>
    public TimingWheel Wheel => throw new NotImplementedException();

    /// <summary>Answers one HTTP request: handshake, poll, post, WebSocket, preflight or error.</summary>
    public Task HandleAsync(HttpContext context) => throw new NotImplementedException();

    /// <summary>Refuses new sessions, closes the open ones with <see cref="CloseReason.ServerShuttingDown"/>, completes when they have ended.</summary>
    public Task CloseAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc />
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
