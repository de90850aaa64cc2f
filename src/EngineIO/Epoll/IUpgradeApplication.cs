namespace EngineIO.Epoll;

/// <summary>The application behind the server, whatever its contexts are.</summary>
internal interface IUpgradeApplication
{
    /// <summary>Has it answer a request. Completes when it has, and the connection has ended or been upgraded.</summary>
    Task ServeAsync(UpgradeExchange exchange);
}
