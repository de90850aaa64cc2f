using EngineIO.Epoll;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SocketIO;
using SocketIO.Server;

namespace Adapters.Specification;

/// <summary>A Socket.IO server on a free loopback port of a real Kestrel.</summary>
public sealed class SpecificationServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SpecificationServer(WebApplication app, RecordedLog log) => (_app, Log) = (app, log);

    public SocketIOServer Io => _app.Services.GetRequiredService<SocketIOServer>();

    public RecordedLog Log { get; }

    public Uri Address { get; private set; } = null!;

    public static async Task<SpecificationServer> Start(Action<SocketIOOptions>? configure = null, TimeProvider? time = null)
    {
        var log = new RecordedLog();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Debug);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        if (Environment.GetEnvironmentVariable("TEST_TRANSPORT") is "epoll") builder.WebHost.UseEpollTransport(epoll => epoll.DirectUpgrades = true);
        if (time is not null) builder.Services.AddSingleton(time);
        builder.Services.AddSocketIO(configure);
        var server = new SpecificationServer(builder.Build(), log);
        server._app.MapSocketIO();
        await server._app.StartAsync().ConfigureAwait(false);
        var address = server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        server.Address = new Uri(address);
        return server;
    }

    public Task<RawClient> Open(CancellationToken cancellationToken) => RawClient.Open(Address, cancellationToken);

    /// <summary>A client that has joined a namespace.</summary>
    public async Task<RawClient> Connect(CancellationToken cancellationToken, string ns = "/", string auth = "")
    {
        var client = await Open(cancellationToken).ConfigureAwait(false);
        await client.Join(ns, auth).ConfigureAwait(false);
        return client;
    }

    public Task Stop() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await Io.CloseAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
    }
}
