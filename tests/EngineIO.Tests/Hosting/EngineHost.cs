using EngineIO.Epoll;
using System.Net;
using EngineIO.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace EngineIO.Tests.Hosting;

/// <summary>
/// An Engine.IO server in Kestrel on a free port of the loopback interface, at <c>/engine.io/</c>. Its clock stands still unless a test moves it or asks for the
/// real one: no time-out of the server ends on a machine that is busy.
/// </summary>
internal sealed class EngineHost : IAsyncDisposable
{
    /// <summary>How long a test waits for what must happen: generous, as other work may hold the processors.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly WebApplication _app;

    private EngineHost(WebApplication app, EngineServer server, RecordingApplication application, LogRecorder log)
    {
        _app = app;
        Server = server;
        Application = application;
        Log = log;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Http = new HttpClient(new SocketsHttpHandler { PooledConnectionIdleTimeout = Patience, UseCookies = false, UseProxy = false })
        {
            BaseAddress = new Uri(Address, "/engine.io/"),
            Timeout = Patience,
        };
    }

    public EngineServer Server { get; }

    public RecordingApplication Application { get; }

    public LogRecorder Log { get; }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public int Port => Address.Port;

    public static async Task<EngineHost> StartAsync(
        Action<EngineIOOptions>? configure = null,
        TimeProvider? time = null,
        RecordingApplication? application = null,
        Action<ListenOptions>? listen = null,
        Action<EpollTransportOptions>? epoll = null,
        Action<WebApplication>? map = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var log = new LogRecorder();
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(log);
        builder.Logging.AddFilter("EngineIO", LogLevel.Debug);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, options => listen?.Invoke(options)));
        builder.WebHost.UseKestrelHttpsConfiguration();
        if (epoll is not null || Environment.GetEnvironmentVariable("TEST_TRANSPORT") is "epoll")
            builder.WebHost.UseEpollTransport(epoll ?? (options => options.DirectUpgrades = true));
        var app = builder.Build();
        var options = new EngineIOOptions();
        configure?.Invoke(options);
        application ??= new RecordingApplication();
        var server = new EngineServer(options, application, app.Services.GetRequiredService<ILoggerFactory>(), time ?? new FakeTimeProvider());
        app.MapEngineIO("/engine.io", server);
        map?.Invoke(app);
        await app.StartAsync();
        return new EngineHost(app, server, application, log);
    }

    public Uri WebSocketUri(string? sid = null) =>
        new($"{(Address.Scheme == "https" ? "wss" : "ws")}://127.0.0.1:{Port}/engine.io/?EIO=4&transport=websocket{(sid is null ? "" : "&sid=" + sid)}");

    public Task StopAsync() => _app.StopAsync();

    /// <summary>Waits until <paramref name="condition"/> holds.</summary>
    public static async Task EventuallyAsync(Func<bool> condition, string what)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!condition())
        {
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException($"Did not happen within {Patience}: {what}");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    public Task SessionsAsync(int count) => EventuallyAsync(() => Server.SessionCount == count, $"{count} sessions (there are {Server.SessionCount})");

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        await _app.DisposeAsync();
    }
}
