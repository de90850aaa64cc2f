using System.Net;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Chat.Events;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Health;
using Chatpulse.Server.Identity;
using Chatpulse.Server.Page;
using Chatpulse.Server.Presence;
using Chatpulse.Server.Rest;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Stores.Sqlite;
using Chatpulse.Server.Stores.WordPress;
using Chatpulse.Server.Typing;
using Chatpulse.Server.Webhooks;
using EngineIO.Epoll;
using EngineIO;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SocketIO;

namespace Chatpulse.Server;

/// <summary>Puts the server together.</summary>
internal static partial class ChatServer
{
    // Whoever stops the server seldom waits longer than 10 s before it is killed; peers that do not answer get less than that.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(3);

    // The settings are ServerSettings. To watch a file for others means to watch all that is in the working directory: where the store is there, the system tells of each write to it.
    private const string NoFileWatch = "--hostBuilder:reloadConfigOnChange=false";

    /// <summary>The server, ready to be run. Opens the store, which blocks.</summary>
    /// <param name="settings">The checked settings.</param>
    /// <param name="configure">Registers what is to be used in place of the usual: a clock, for instance.</param>
    /// <exception cref="StoreOpenException">The store cannot be opened.</exception>
    public static WebApplication Build(ServerSettings settings, Action<IServiceCollection>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [NoFileWatch] });
        builder.Logging.ClearProviders();
        if (settings.LogAsJson)
            builder.Logging.AddJsonConsole(console => (console.TimestampFormat, console.UseUtcTimestamp) = ("O", true));
        else
            builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss "));
        builder.Logging.SetMinimumLevel(settings.LogLevel)
            .AddFilter("Microsoft", Higher(settings.LogLevel, LogLevel.Warning))
            .AddFilter("Microsoft.Hosting.Lifetime", Higher(settings.LogLevel, LogLevel.Information))
            // Says with a stack trace what the exception says that ends the program; a background service that fails is critical besides.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            Listen(kestrel, settings);
        });
        if (settings.UseEpoll)
            builder.WebHost.UseEpollTransport(epoll => (epoll.RequestsOnLoop, epoll.DirectUpgrades) = (true, true));
        builder.Services.Configure<ForwardedHeadersOptions>(forwarded =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (var proxy in settings.TrustedProxies)
                forwarded.KnownIPNetworks.Add(proxy);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.Services.Configure<ConsoleLifetimeOptions>(console => console.SuppressStatusMessages = true);

        configure?.Invoke(builder.Services);
        AddChat(builder.Services, settings);

        var app = builder.Build();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ChatServer).FullName!);
        LogStart(logger, settings.IsDevelopment ? "development" : "production", settings.AuthMode, settings.WordPressBaseUrl?.AbsoluteUri ?? settings.DataDirectory);
        foreach (var warning in settings.Warnings)
            LogSettingWarning(logger, warning);

        // With no proxy at all the middleware would believe everybody.
        if (settings.TrustedProxies.Count > 0)
            app.UseForwardedHeaders();

        // The site has these routes itself, and an address must not mean two things.
        if (settings.WordPressBaseUrl is null)
            app.MapRestRoutes();
        app.MapWebhooks();
        app.MapHealth();
        app.MapSocketIO();
        app.MapChatPage();
        app.Services.GetRequiredService<ChatGateway>().Attach();
        return app;
    }

    private static void AddChat(IServiceCollection services, ServerSettings settings)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(settings);
        if (settings.WordPressBaseUrl is null)
            AddEmbeddedStore(services, settings);
        else
            services.AddWordPressStore(settings);

        services.AddSocketIO(options =>
        {
            options.Engine.PingInterval = settings.PingInterval;
            options.Engine.PingTimeout = settings.PingTimeout;
            options.Engine.CloseTimeout = CloseTimeout;
            options.Engine.Cors = Cors(settings);
            options.Json.TypeInfoResolverChain.Insert(0, ChatJsonContext.Default);
        });
        services.AddOptions<SocketIOOptions>().Configure<IServiceProvider>(static (options, provider) => options.ConnectionStateRecovery = new()
        {
            // Found when it is needed: the gateway needs the server, and the server these options.
            Authorize = (socket, session) => provider.GetRequiredService<ChatGateway>().MayRecoverAsync(socket, session),
        });

        services.AddSingleton<SignOuts>();
        services.TryAddSingleton<WordPressSessions>();
        services.AddSingleton<WordPressLogins>();
        services.AddSingleton<WordPressLoginWatch>();
        services.AddSingleton<Authenticator>();
        services.AddSingleton<TypingTracker>();
        services.AddSingleton<PresenceTracker>();
        services.AddSingleton<PresenceAnnouncer>();
        services.AddSingleton<ThreadPresence>();
        services.AddSingleton<ChatService>();
        services.AddSingleton<LiveAccess>();
        services.AddSingleton<IEventFamily, ThreadEvents>();
        services.AddSingleton<IEventFamily, MessageEvents>();
        services.AddSingleton<IEventFamily, TypingEvents>();
        services.AddSingleton<IEventFamily, ReceiptEvents>();
        services.AddSingleton<IEventFamily, PresenceEvents>();
        services.AddSingleton<IEventFamily, HistoryEvents>();
        services.AddSingleton<IEventFamily, IdentityEvents>();
        services.AddSingleton<ChatGateway>();
        if (settings.WordPressBaseUrl is null)
            services.AddRestRoutes(settings);
    }

    private static void AddEmbeddedStore(IServiceCollection services, ServerSettings settings)
    {
        services.TryAddSingleton<IChatStore>(provider => SqliteChatStore.Open(
            new SqliteStoreOptions
            {
                DataDirectory = settings.DataDirectory,
                CreateWhatIsNamed = settings.IsDevelopment,
                AttachmentUrlPrefix = $"/wp-json/{settings.ApiNamespace}/attachments/",
            },
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SqliteChatStore>>()));
        services.AddHostedService<UnusedAttachmentCleanup>();
    }

    // Cookies come along only from origins that are named: browsers refuse them for any.
    private static EngineIOCorsOptions Cors(ServerSettings settings)
    {
        var cors = new EngineIOCorsOptions { Credentials = settings.CorsOrigins.Count > 0 };
        foreach (var origin in settings.CorsOrigins.DefaultIfEmpty("*"))
            cors.Origins.Add(origin);
        cors.Methods.Clear();
        foreach (var method in settings.CorsMethods)
            cors.Methods.Add(method);
        return cors;
    }

    private static void Listen(KestrelServerOptions kestrel, ServerSettings settings)
    {
        switch (settings.Host)
        {
            case "*":
                kestrel.ListenAnyIP(settings.Port);
                break;
            // The two loopback addresses cannot be given the same free port in one step.
            case "localhost" when settings.Port == 0:
                kestrel.Listen(IPAddress.Loopback, 0);
                break;
            case "localhost":
                kestrel.ListenLocalhost(settings.Port);
                break;
            default:
                kestrel.Listen(IPAddress.Parse(settings.Host), settings.Port);
                break;
        }
    }

    private static LogLevel Higher(LogLevel a, LogLevel b) => a > b ? a : b;

    [LoggerMessage(Level = LogLevel.Information, Message = "Chatpulse starts in {Environment}, users are proven by {AuthMode}, messages are kept in {Store}")]
    private static partial void LogStart(ILogger logger, string environment, AuthMode authMode, string store);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    private static partial void LogSettingWarning(ILogger logger, string warning);
}
