using System.Globalization;
using System.Text.Json;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Logging;
using Chatpulse.Server.Rest;
using Chatpulse.Server.Stores;
using Microsoft.AspNetCore.Connections;

namespace Chatpulse.Server.Webhooks;

/// <summary>What WordPress tells the server: what its REST routes have stored and changed, who is in a thread, and who has signed out.</summary>
/// <remarks>
/// WordPress waits for the answer before it answers its own caller, perhaps the very call that this server has under way. So a
/// webhook is checked, handed to <see cref="ChatService"/> or <see cref="LiveAccess"/>, which return at once, and answered; nothing is awaited but its body.
/// </remarks>
public static partial class WebhookEndpoints
{
    /// <summary>The longest body in bytes.</summary>
    private const int MaxBodyBytes = 256 * 1024;

    private const int MaxSessionIdLength = 64;

    // Without a signed time of sending there is only this server's clock, which the clock of who issues the tokens may be ahead of.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Serves <c>POST /webhook/…</c>. In production webhooks need <c>WEBHOOK_SECRET</c>; a start without it is logged as a warning.
    /// </summary>
    public static IEndpointRouteBuilder MapWebhooks(this IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider;
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(WebhookEndpoints).FullName!);
        var clock = services.GetRequiredService<TimeProvider>();
        var chat = services.GetRequiredService<ChatService>();
        var access = services.GetRequiredService<LiveAccess>();
        var store = services.GetRequiredService<IChatStore>();
        var messages = new WebhookMessage(store, clock);
        var warnings = new RepeatedWarnings(clock);
        var signatures = new WebhookSignatures(services.GetRequiredService<ServerSettings>(), clock);
        if (signatures.RefusesAll)
            LogRefusesAll(logger);

        var group = endpoints.MapGroup("/webhook");
        Map("/ping", static (_, _) => new WebhookAnswer(Success: true));
        Map("/message", (body, _) =>
        {
            var shape = body.Object("message");
            var message = messages.Read(shape, body.Id("threadId"), body.Id("senderId"));
            chat.TellStoredElsewhere(message, shape.Clone());
            return new WebhookAnswer(Success: true, message.ThreadId, message.Id);
        });
        Map("/message-updated", Updated);
        Map("/message-deleted", Updated);
        Map("/read-receipt", (body, _) =>
        {
            var (userId, threadId, messageIds) = (body.Id("userId"), body.Id("threadId"), body.Ids("messageIds"));
            chat.TellReadElsewhere(userId, threadId, messageIds);
            return new WebhookAnswer(Success: true, threadId, MessageCount: messageIds.Count);
        });
        Map("/thread-created", (body, _) =>
        {
            var thread = body.Object("thread");
            var threadId = new WebhookBody(thread).Id("id");
            if (body.People("participantIds") is not { Count: > 0 } named)
                throw new WebhookException("participantIds is missing or empty.");

            // The list may lack whoever made the thread.
            HashSet<long> participants = [.. named, .. PeopleOf(thread)];
            store.ParticipantsChanged(threadId, participants, []);
            chat.TellThreadCreatedElsewhere(threadId, thread.Clone(), participants);
            return new WebhookAnswer(Success: true, threadId, ParticipantCount: participants.Count);
        });
        Map("/participants-changed", (body, _) =>
        {
            var threadId = body.Id("threadId");
            var (added, removed) = (body.People("added"), body.People("removed"));
            store.ParticipantsChanged(threadId, added, removed);
            foreach (var userId in removed)
                access.RemoveFromThread(threadId, userId);
            if (added.Count > 0 && body.OptionalObject("thread") is { } thread)
                chat.TellThreadCreated(thread.Clone(), added);
            return new WebhookAnswer(Success: true, threadId, ParticipantCount: added.Count + removed.Count);
        });
        Map("/user-signed-out", (body, headers) =>
        {
            var userId = body.Id("userId");
            var sessionId = body.OptionalText("sessionId");
            if (sessionId?.Length is 0 or > MaxSessionIdLength)
                throw new WebhookException($"sessionId must be null or 1 to {MaxSessionIdLength} characters.");
            access.SignOut(userId, sessionId, SentAt(headers) ?? clock.GetUtcNow() + ClockSkew);
            return new WebhookAnswer(Success: true);
        });
        return endpoints;

        WebhookAnswer Updated(WebhookBody body, IHeaderDictionary headers)
        {
            var message = messages.Read(body.Object("message"), body.Id("threadId"), senderId: null);
            chat.TellUpdatedElsewhere(message);
            return new WebhookAnswer(Success: true, message.ThreadId, message.Id);
        }

        // The site's own clock, which tokens are dated by too; without a secret nothing proves it.
        DateTimeOffset? SentAt(IHeaderDictionary headers) => signatures.AreChecked
            && long.TryParse(headers[WebhookSignatures.TimestampHeader], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

        void Map(string path, Func<WebhookBody, IHeaderDictionary, WebhookAnswer> take) =>
            group.MapPost(path, context => ServeAsync(context, path, signatures, take, warnings, logger));
    }

    private static IEnumerable<long> PeopleOf(JsonElement thread)
    {
        if (thread.TryGetProperty("created_by", out var creator) && ChatIds.TryRead(creator, out var creatorId))
            yield return creatorId;
        if (!thread.TryGetProperty("participants", out var participants) || participants.ValueKind != JsonValueKind.Array)
            yield break;
        foreach (var participant in participants.EnumerateArray().Take(StoreLimits.Contacts))
        {
            if (participant.ValueKind == JsonValueKind.Object && participant.TryGetProperty("user_id", out var user) && ChatIds.TryRead(user, out var userId))
                yield return userId;
        }
    }

    private static async Task ServeAsync(
        HttpContext context,
        string path,
        WebhookSignatures signatures,
        Func<WebhookBody, IHeaderDictionary, WebhookAnswer> take,
        RepeatedWarnings warnings,
        ILogger logger)
    {
        try
        {
            // Refused before its body is taken in, where no body could prove it.
            if (signatures.RefusesAll)
            {
                await RefuseAsync(signatures.Check(context.Request.Headers, [])!);
                return;
            }

            var body = await RequestBody.ReadAsync(context.Request, MaxBodyBytes, context.RequestAborted);
            if (signatures.Check(context.Request.Headers, body) is { } refusal)
            {
                await RefuseAsync(refusal);
                return;
            }

            WebhookAnswer answer;
            using (var document = RequestBody.Parse(body))
            {
                if (document.RootElement.ValueKind != JsonValueKind.Object)
                    throw new WebhookException("The body must be a JSON object.");
                answer = take(new WebhookBody(document.RootElement), context.Request.Headers);
            }

            await context.Response.WriteAsJsonAsync(answer, WebhookJson.Default.WebhookAnswer, contentType: null, context.RequestAborted);
        }
        catch (Exception gone) when (gone is OperationCanceledException or ConnectionResetException)
        {
            // The caller has gone in the middle; nobody is there to be answered, and a stranger can do it at will, so it is not logged.
        }
        catch (WebhookException wrong)
        {
            await RefuseAsync(new WebhookRefusal(StatusCodes.Status400BadRequest, wrong.Message));
        }
        catch (JsonException notJson)
        {
            await RefuseAsync(new WebhookRefusal(StatusCodes.Status400BadRequest, "The body is not JSON: " + notJson.Message));
        }
        catch (ChatException refusal)
        {
            // Nothing was told; the site may send the webhook again.
            await RefuseAsync(new WebhookRefusal(StatusCodes.Status503ServiceUnavailable, refusal.Message));
        }
        catch (BadHttpRequestException bad)
        {
            await RefuseAsync(new WebhookRefusal(bad.StatusCode, bad.Message));
        }

        Task RefuseAsync(WebhookRefusal refusal)
        {
            // A site whose secret is wrong would otherwise be silent on both sides; a stranger who tries must not fill the log.
            if (warnings.ShouldLog(refusal.Reason, out var unlogged))
                LogRefused(logger, path, refusal.Status, refusal.Reason, unlogged);
            context.Response.StatusCode = refusal.Status;
            return context.Response.WriteAsJsonAsync(new WebhookError(refusal.Reason), WebhookJson.Default.WebhookError, contentType: null, context.RequestAborted);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "WEBHOOK_SECRET is not set: in production every webhook is refused with 401.")]
    private static partial void LogRefusesAll(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Webhook {Path} was refused with {Status}: {Reason} ({Unlogged} more like it since this was last logged)")]
    private static partial void LogRefused(ILogger logger, string path, int status, string reason, long unlogged);
}
