using Chatpulse.Server.Attachments;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Presence;
using Chatpulse.Server.Stores;
using Microsoft.AspNetCore.Cors.Infrastructure;

namespace Chatpulse.Server.Rest;

/// <summary>Puts the REST routes of the WordPress plugin into the application, over this server's own store.</summary>
public static class RestRoutes
{
    private const string Root = "/wp-json";
    private const string CorsPolicy = "rest";
    private const string ChangeCorsPolicy = "rest changes";

    private static readonly string[] ReadMethods = [HttpMethods.Get, HttpMethods.Head];
    private static readonly string[] ChangeMethods = [HttpMethods.Patch, HttpMethods.Delete];

    /// <summary>
    /// Registers what <see cref="MapRestRoutes"/> needs. Pages of the origins in <c>CORS_ORIGIN</c> may call the routes, with credentials
    /// unless any origin may.
    /// </summary>
    public static IServiceCollection AddRestRoutes(this IServiceCollection services, ServerSettings settings)
    {
        services.AddSingleton<RestEndpoint>();
        return services.AddCors(options =>
        {
            options.AddPolicy(CorsPolicy, policy => Allow(policy, settings.CorsMethods));

            // Whoever lets pages of other origins write lets them change what is written, too; only where a route does that.
            options.AddPolicy(ChangeCorsPolicy, policy => Allow(
                policy,
                settings.CorsMethods.Contains(HttpMethods.Post, StringComparer.Ordinal) ? [.. settings.CorsMethods, .. ChangeMethods] : settings.CorsMethods));
        });

        void Allow(CorsPolicyBuilder policy, IReadOnlyList<string> methods)
        {
            if (settings.CorsOrigins.Count == 0)
                policy.AllowAnyOrigin();
            else
                policy.WithOrigins([.. settings.CorsOrigins]).AllowCredentials();

            policy.WithMethods([.. methods])
                .WithHeaders("Authorization", "Content-Type", "Range", "X-Chatpulse-User", "X-WP-Nonce")
                .WithExposedHeaders("Content-Disposition", "Retry-After");
        }
    }

    /// <summary>
    /// Serves <c>/wp-json</c>: the index, the routes of <c>WP_API_NAMESPACE</c>, and WordPress's own users as far as a chat asks for them.
    /// What is no route there is 404 <c>rest_no_route</c>, a wrong method included. Call it before other middleware that answers requests.
    /// </summary>
    public static WebApplication MapRestRoutes(this WebApplication app)
    {
        var settings = app.Services.GetRequiredService<ServerSettings>();
        var store = (IEmbeddedStore)app.Services.GetRequiredService<IChatStore>();
        var chat = app.Services.GetRequiredService<ChatService>();
        var endpoint = app.Services.GetRequiredService<RestEndpoint>();
        var access = new ThreadAccess(store);

        var path = "/" + settings.ApiNamespace;
        RestRoute[] routes =
        [
            .. new ThreadRoutes(store, chat).For(path),
            .. new MessageRoutes(store, chat, access).For(path),
            .. new MessageChangeRoutes(store, chat).For(path),
            .. new ParticipantRoutes(store, chat, app.Services.GetRequiredService<LiveAccess>(), access).For(path),
            .. new TypingRoutes(store, chat, access).For(path),
            .. new UserRoutes(store, app.Services.GetRequiredService<PresenceTracker>()).For(path),
            .. new AttachmentRoutes(store).For(path),
        ];
        var index = new RestIndex(Root, settings.ApiNamespace, routes);

        app.UseCors();
        var group = app.MapGroup(Root);
        group.RequireCors(CorsPolicy);
        foreach (var route in routes)
        {
            var methods = HttpMethods.IsGet(route.Method) ? ReadMethods : [route.Method];
            var mapped = group.MapMethods(route.Path, methods, context => endpoint.RunAsync(context, route));
            if (ChangeMethods.Contains(route.Method, StringComparer.Ordinal))
                mapped.RequireCors(ChangeCorsPolicy);
        }

        group.MapMethods("/", ReadMethods, index.SiteAsync);
        group.MapMethods(path, ReadMethods, index.NamespaceAsync);
        group.Map("/{**rest}", RestEndpoint.NoRouteAsync);
        return app;
    }
}
