using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using SocketIO;
using SocketIO.Server;

namespace Micro;

/// <summary>A server with clients that have no network between: everything but Kestrel and the system calls.</summary>
internal sealed class SocketIOClients
{
    private readonly List<Task> _requests = [];

    public SocketIOClients(int count, Action<Socket> onConnection)
    {
        Server = new SocketIOServer(new SocketIOOptions(), NullLoggerFactory.Instance, TimeProvider.System);
        Server.OnConnection(onConnection);
        for (var i = 0; i < count; i++) Streams.Add(Connect());
    }

    /// <summary>The server.</summary>
    public SocketIOServer Server { get; }

    /// <summary>What lies between the server and each of its clients.</summary>
    public List<ClientStream> Streams { get; } = [];

    /// <summary>A text message as a client's WebSocket sends it.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> text)
    {
        if (text.Length > 125) throw new ArgumentException("Short messages only.", nameof(text));

        // Masked with zeros: unmasking costs the server the same.
        byte[] frame = [0x81, (byte)(0x80 | text.Length), 0, 0, 0, 0, .. text];
        return frame;
    }

    /// <summary>Lets all go, and waits until the server has noticed.</summary>
    public async Task CloseAsync()
    {
        foreach (var stream in Streams) stream.Feed(new byte[] { 0x88, 0x80, 0, 0, 0, 0 });
        await Server.DisposeAsync();
        await Task.WhenAll(_requests);
    }

    private ClientStream Connect()
    {
        var stream = new ClientStream();
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpUpgradeFeature>(new Upgrade(stream));
        context.Request.Method = HttpMethods.Get;
        context.Request.QueryString = new QueryString("?EIO=4&transport=websocket");
        context.Request.Headers.Upgrade = "websocket";
        context.Request.Headers.SecWebSocketVersion = "13";
        context.Request.Headers.SecWebSocketKey = "dGhlIHNhbXBsZSBub25jZQ==";
        _requests.Add(Server.Engine.HandleAsync(context));
        stream.Feed(Frame("40"u8));
        return stream;
    }

    private sealed class Upgrade(Stream stream) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => true;

        public Task<Stream> UpgradeAsync() => Task.FromResult(stream);
    }
}
