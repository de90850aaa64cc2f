using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace EngineIO.Epoll;

/// <summary>Calls the application as Kestrel does: its whole pipeline, with its logging and its metrics.</summary>
internal sealed partial class UpgradeApplication<TContext>(IHttpApplication<TContext> application, ILogger logger) : IUpgradeApplication
    where TContext : notnull
{
    public async Task ServeAsync(UpgradeExchange exchange)
    {
        Exception? failure = null;
        var context = application.CreateContext(new FeatureCollection(exchange));
        try
        {
            try
            {
                await application.ProcessRequestAsync(context);
            }
            catch (Exception exception)
            {
                failure = exception;
                LogFailed(logger, exception);
                exchange.Fail();
            }

            await exchange.FinishAsync();
        }
        finally
        {
            application.DisposeContext(context, failure);
            await CompleteAsync(exchange);
        }
    }

    // The answer is out: nobody's connection depends on what is done after it.
    private async Task CompleteAsync(UpgradeExchange exchange)
    {
        try
        {
            await exchange.CompleteAsync();
        }
        catch (Exception exception)
        {
            LogFailed(logger, exception);
        }
    }

    [LoggerMessage(EventId = 34, Level = LogLevel.Error, Message = "The application failed to answer the opening request of a WebSocket")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
