using Adapters.Specification;
using Microsoft.Extensions.Time.Testing;
using SocketIO.Server;
using Xunit;

namespace SocketIO.Tests.Server;

/// <summary>
/// Starts servers and ends them, and waits for what a server side promises. A server's clock stands still unless the test moves it or asks for the real one: no
/// time-out ends on a machine that is busy.
/// </summary>
public abstract class ServerTest : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly List<IAsyncDisposable> _opened = [];

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected async Task<SpecificationServer> Start(Action<SocketIOOptions>? configure = null, TimeProvider? time = null)
    {
        var server = await SpecificationServer.Start(
            options =>
            {
                options.Json.TypeInfoResolverChain.Add(PayloadsContext.Default);
                configure?.Invoke(options);
            },
            time ?? new FakeTimeProvider());
        _opened.Add(server);
        return server;
    }

    protected async Task<RawClient> Open(SpecificationServer server)
    {
        var client = await server.Open(Cancellation);
        _opened.Insert(0, client);
        return client;
    }

    protected async Task<RawClient> Connect(SpecificationServer server, string ns = "/", string auth = "")
    {
        var client = await Open(server);
        await client.Join(ns, auth);
        return client;
    }

    /// <summary>A connected client and its socket.</summary>
    protected async Task<(RawClient Client, Socket Socket)> ConnectBoth(SpecificationServer server, string ns = "/")
    {
        var client = await Connect(server, ns);
        server.Io.Of(ns).TryGetSocket(client.Sid, out var socket);
        return (client, socket ?? throw new InvalidOperationException("The socket is not there."));
    }

    protected static Task<T> Soon<T>(Task<T> task) => task.WaitAsync(Patience, Cancellation);

    protected static Task Soon(Task task) => task.WaitAsync(Patience, Cancellation);

    public async ValueTask DisposeAsync()
    {
        foreach (var opened in _opened) await opened.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
