using System.Net;
using Conformance.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SocketIO;
using SocketIO.Server;

namespace Conformance;

/// <summary>A Socket.IO server in this process that sends back what it gets, in the namespaces <c>/</c> and <c>/custom</c>.</summary>
public sealed class EchoServer : IAsyncLifetime
{
    private WebApplication? _app;

    public Uri Address => new(_app!.Urls.Single());

    public SocketIOServer Sockets => _app!.Services.GetRequiredService<SocketIOServer>();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSocketIO();
        _app = builder.Build();
        Sockets.OnConnection(EchoSocket.Attach);
        Sockets.Of("/custom").OnConnection(EchoSocket.Attach);
        _app.MapSocketIO();
        await _app.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
    }
}
