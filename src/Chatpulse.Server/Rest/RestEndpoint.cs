using System.Globalization;
using System.Text.Json;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Identity;
using Microsoft.AspNetCore.Connections;

namespace Chatpulse.Server.Rest;

/// <summary>Runs REST routes: reads the call, and turns whatever is thrown into an answer in WordPress's shape.</summary>
/// <remarks>Thread-safe; keeps no state.</remarks>
internal sealed partial class RestEndpoint(Authenticator authenticator, ILogger<RestEndpoint> logger)
{
    /// <summary>Serves one request.</summary>
    public async Task RunAsync(HttpContext context, RestRoute route)
    {
        // What a user may see is for that user, now; attachments say otherwise themselves.
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";

        try
        {
            using var parameters = await RestParameters.ReadAsync(context.Request, route.ReadsBody, context.RequestAborted);
            await route.Handler(new RestCall(context, parameters, authenticator));
        }
        catch (Exception gone) when (gone is OperationCanceledException or ConnectionResetException || context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone; nobody is there to be answered.
        }
        catch (Exception failure) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, Refusal(failure));
        }
        catch (Exception failure)
        {
            // Half an answer is out: only a broken connection can still say that it is not whole.
            LogHalfAnswered(failure, context.Request.Method, route.Path);
            context.Abort();
        }

        RestException Refusal(Exception failure)
        {
            switch (failure)
            {
                case RestException refusal:
                    return refusal;
                case ChatException { Code: not ChatErrorCodes.Internal } refusal:
                    return RestException.From(refusal);
                case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } tooLarge:
                    return RestException.TooLarge(tooLarge.Message);
                case BadHttpRequestException bad:
                    return new RestException(bad.StatusCode, "rest_bad_request", bad.Message, bad);
                default:
                    LogFailed(failure, context.Request.Method, route.Path);
                    return RestException.Internal(failure);
            }
        }
    }

    /// <summary>Answers what is no route.</summary>
    public static Task NoRouteAsync(HttpContext context) => AnswerAsync(context, RestException.NoRoute());

    private static async Task AnswerAsync(HttpContext context, RestException refusal)
    {
        var response = context.Response;
        response.StatusCode = refusal.Status;
        response.ContentType = "application/json; charset=utf-8";
        if (refusal.RetryAfterMs is { } milliseconds)
            response.Headers.RetryAfter = Math.Max(1, (milliseconds + 999) / 1000).ToString(CultureInfo.InvariantCulture);

        await using (var writer = new Utf8JsonWriter(response.BodyWriter))
            refusal.WriteTo(writer);
        await response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed.")]
    private partial void LogFailed(Exception failure, string method, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed after its answer had begun; the connection was broken off.")]
    private partial void LogHalfAnswered(Exception failure, string method, string path);
}
