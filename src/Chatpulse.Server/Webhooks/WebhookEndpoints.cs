using System.Text.Json;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Rest;
using Microsoft.AspNetCore.Connections;

namespace Chatpulse.Server.Webhooks;

/// <summary>What WordPress tells the server: that a message, receipts or a thread were stored by its REST routes.</summary>
/// <remarks>
/// WordPress waits for the answer before it answers its own caller, perhaps the very call that this server has under way. So a
/// webhook is checked, handed to <see cref="ChatService"/>, which returns at once, and answered; nothing is awaited but its body.
/// </remarks>
public static partial class WebhookEndpoints
{
    /// <summary>The longest body in bytes.</summary>
    private const int MaxBodyBytes = 256 * 1024;

    /// <summary>
    /// Serves <c>POST /webhook/message</c>, <c>/webhook/read-receipt</c> and <c>/webhook/thread-created</c>. In production they need
    /// <c>WEBHOOK_SECRET</c>; a start without it is logged as a warning.
    /// </summary>
    public static IEndpointRouteBuilder MapWebhooks(this IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider;
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(WebhookEndpoints).FullName!);
        var clock = services.GetRequiredService<TimeProvider>();
        var chat = services.GetRequiredService<ChatService>();
        var signatures = new WebhookSignatures(services.GetRequiredService<ServerSettings>(), clock);
        if (signatures.RefusesAll)
            LogRefusesAll(logger);

        var group = endpoints.MapGroup("/webhook");
        Map("/message", root =>
        {
            var body = new WebhookBody(root);
            var shape = body.Object("message");
            var message = WebhookBody.Message(shape, body.Id("threadId"), body.Id("senderId"), clock.GetUtcNow());
            chat.TellStoredElsewhere(message, shape.Clone());
            return new WebhookAnswer(Success: true, message.ThreadId, message.Id);
        });
        Map("/read-receipt", root =>
        {
            var body = new WebhookBody(root);
            var (userId, threadId, messageIds) = (body.Id("userId"), body.Id("threadId"), body.Ids("messageIds"));
            chat.TellReadElsewhere(userId, threadId, messageIds);
            return new WebhookAnswer(Success: true, threadId, MessageCount: messageIds.Count);
        });
        Map("/thread-created", root =>
        {
            var body = new WebhookBody(root);
            var thread = body.Object("thread");
            var threadId = new WebhookBody(thread).Id("id");

            // The list may lack whoever made the thread.
            var participants = new HashSet<long>(body.Ids("participantIds"));
            if (thread.TryGetProperty("created_by", out var creator) && ChatIds.TryRead(creator, out var creatorId))
                participants.Add(creatorId);
            chat.TellThreadCreatedElsewhere(thread.Clone(), participants);
            return new WebhookAnswer(Success: true, threadId, ParticipantCount: participants.Count);
        });
        return endpoints;

        void Map(string path, Func<JsonElement, WebhookAnswer> take) =>
            group.MapPost(path, context => ServeAsync(context, path, signatures, take, logger));
    }

    private static async Task ServeAsync(
        HttpContext context, string path, WebhookSignatures signatures, Func<JsonElement, WebhookAnswer> take, ILogger logger)
    {
        try
        {
            // Refused before its body is taken in, where no body could prove it.
            if (signatures.RefusesAll)
            {
                await RefuseAsync(context, signatures.Check(context.Request.Headers, [])!);
                return;
            }

            var body = await RequestBody.ReadAsync(context.Request, MaxBodyBytes, context.RequestAborted);
            if (signatures.Check(context.Request.Headers, body) is { } refusal)
            {
                LogRefused(logger, path, refusal.Reason);
                await RefuseAsync(context, refusal);
                return;
            }

            WebhookAnswer answer;
            using (var document = RequestBody.Parse(body))
            {
                if (document.RootElement.ValueKind != JsonValueKind.Object)
                    throw new WebhookException("The body must be a JSON object.");
                answer = take(document.RootElement);
            }

            await context.Response.WriteAsJsonAsync(answer, WebhookJson.Default.WebhookAnswer, contentType: null, context.RequestAborted);
        }
        catch (Exception gone) when (gone is OperationCanceledException or ConnectionResetException)
        {
            // The caller has gone in the middle; nobody is there to be answered, and a stranger can do it at will, so it is not logged.
        }
        catch (WebhookException wrong)
        {
            await RefuseAsync(context, new WebhookRefusal(StatusCodes.Status400BadRequest, wrong.Message));
        }
        catch (JsonException notJson)
        {
            await RefuseAsync(context, new WebhookRefusal(StatusCodes.Status400BadRequest, "The body is not JSON: " + notJson.Message));
        }
        catch (ChatException refusal)
        {
            // Nothing was told; the site may send the webhook again.
            await RefuseAsync(context, new WebhookRefusal(StatusCodes.Status503ServiceUnavailable, refusal.Message));
        }
        catch (BadHttpRequestException bad)
        {
            await RefuseAsync(context, new WebhookRefusal(bad.StatusCode, bad.Message));
        }
    }

    private static Task RefuseAsync(HttpContext context, WebhookRefusal refusal)
    {
        context.Response.StatusCode = refusal.Status;
        return context.Response.WriteAsJsonAsync(new WebhookError(refusal.Reason), WebhookJson.Default.WebhookError, contentType: null, context.RequestAborted);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "WEBHOOK_SECRET is not set: in production every webhook is refused with 401.")]
    private static partial void LogRefusesAll(ILogger logger);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Webhook {Path} refused: {Reason}")]
    private static partial void LogRefused(ILogger logger, string path, string reason);
}
