using System.Security.Cryptography;
using System.Text;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Presence;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Typing;
using SocketIO.Server;

namespace Chatpulse.Server.Health;

/// <summary>What monitors and operators ask: <c>/health</c>, open to everybody, and <c>/stats</c>, which names users.</summary>
public static class HealthEndpoints
{
    private const string Bearer = "Bearer ";

    private static readonly string[] ReadMethods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>
    /// Serves <c>GET /health</c>: 200 with <c>status: "ok"</c>, or 503 with <c>"degraded"</c> while the store cannot be used; and
    /// <c>GET /stats</c>: open in development, in production for <c>Authorization: Bearer ADMIN_TOKEN</c> (401 without), and 404 where no
    /// <c>ADMIN_TOKEN</c> is set.
    /// </summary>
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider;
        var settings = services.GetRequiredService<ServerSettings>();
        var server = services.GetRequiredService<SocketIOServer>();
        var presence = services.GetRequiredService<PresenceTracker>();
        var typing = services.GetRequiredService<TypingTracker>();
        var clock = services.GetRequiredService<TimeProvider>();
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger<StoreHealth>();
        var store = new StoreHealth(services.GetRequiredService<IChatStore>(), clock, logger);
        var startedAt = clock.GetTimestamp();

        endpoints.MapMethods("/health", ReadMethods, async context =>
        {
            var state = await store.CheckAsync();
            context.Response.StatusCode = state.IsOk ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.CacheControl = "no-store";
            var answer = new HealthAnswer(
                state.IsOk ? "ok" : "degraded",
                ChatTime.Format(clock.GetUtcNow()),
                server.Default.SocketCount,
                presence.ConnectedUsers,
                (long)clock.GetElapsedTime(startedAt).TotalSeconds,
                new StoreAnswer(state.Status, state.Message));
            await context.Response.WriteAsJsonAsync(answer, HealthJson.Default.HealthAnswer, contentType: null, context.RequestAborted);
        });

        endpoints.MapMethods("/stats", ReadMethods, async context =>
        {
            context.Response.Headers.CacheControl = "no-store";
            if (Refusal(context, settings) is { } refusal)
                await context.Response.WriteAsJsonAsync(refusal, HealthJson.Default.StatsRefusal, contentType: null, context.RequestAborted);
            else
                await context.Response.WriteAsJsonAsync(Stats(server, presence, typing), HealthJson.Default.StatsAnswer, contentType: null, context.RequestAborted);
        });
        return endpoints;
    }

    private static StatsRefusal? Refusal(HttpContext context, ServerSettings settings)
    {
        if (settings.IsDevelopment)
            return null;
        if (settings.AdminToken is not { Length: > 0 } expected)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return new StatsRefusal("In production /stats needs ADMIN_TOKEN, which is not set.");
        }

        // Hashes have one length, so neither the time nor the outcome of comparing tells anything about the token.
        var given = context.Request.Headers.Authorization.ToString();
        if (given.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(
                SHA256.HashData(Encoding.UTF8.GetBytes(given[Bearer.Length..])), SHA256.HashData(Encoding.UTF8.GetBytes(expected))))
        {
            return null;
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return new StatsRefusal("/stats needs the header Authorization: Bearer with ADMIN_TOKEN.");
    }

    private static StatsAnswer Stats(SocketIOServer server, PresenceTracker presence, TypingTracker typing)
    {
        List<ConnectionDetail> connections = [.. server.Default.Sockets.Select(Detail)];
        List<PresenceDetail> users =
        [
            .. presence.Snapshot().Select(user => new PresenceDetail(user.UserId, user.Status.ToWire(), ChatTime.Format(user.LastSeen), user.Connections)),
        ];
        List<TypingDetail> threads = [.. typing.Snapshot().Select(thread => new TypingDetail(thread.Key, [.. thread]))];
        return new StatsAnswer(
            new ConnectionStats(connections.Count, connections),
            new PresenceStats(users.Count, users.Count(user => user.ActiveConnections > 0), users),
            new TypingStats(threads.Count, threads));
    }

    private static ConnectionDetail Detail(Socket socket)
    {
        // A socket that is only just connecting has nothing of its own yet.
        var connection = socket.Data as ChatConnection;
        return new ConnectionDetail(socket.Id, connection?.UserId, connection?.Threads ?? [], ChatTime.Format(socket.Handshake.Time));
    }
}
