using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace EngineIO.Tests.Hosting;

/// <summary>The framework's WebSocket client, sending and reading whole packets.</summary>
internal sealed class WebSocketClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();

    public ClientWebSocket Socket => _socket;

    public string Sid { get; private set; } = "";

    public static async Task<WebSocketClient> ConnectAsync(EngineHost host, string? sid = null, Action<ClientWebSocketOptions>? configure = null, HttpMessageInvoker? invoker = null)
    {
        var client = new WebSocketClient();
        configure?.Invoke(client._socket.Options);
        await client._socket.ConnectAsync(host.WebSocketUri(sid), invoker, TestContext.Current.CancellationToken).WaitAsync(EngineHost.Patience);
        return client;
    }

    /// <summary>Connects and reads the handshake.</summary>
    public static async Task<WebSocketClient> OpenAsync(EngineHost host, Action<ClientWebSocketOptions>? configure = null, HttpMessageInvoker? invoker = null)
    {
        var client = await ConnectAsync(host, sid: null, configure, invoker);
        var handshake = await client.ReadAsync();
        handshake[0].ShouldBe('0');
        using var json = JsonDocument.Parse(handshake.AsMemory(1));
        client.Sid = json.RootElement.GetProperty("sid").GetString()!;
        return client;
    }

    public Task SendAsync(string packet) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(packet), WebSocketMessageType.Text, endOfMessage: true, TestContext.Current.CancellationToken);

    public Task SendAsync(byte[] data) =>
        _socket.SendAsync(data, WebSocketMessageType.Binary, endOfMessage: true, TestContext.Current.CancellationToken);

    /// <summary>The next packet that is no ping: text as it is, binary as hexadecimal digits after <c>b:</c>, a close frame as <c>close</c>.</summary>
    public async Task<string> ReadAsync()
    {
        while (true)
        {
            var packet = await ReadAnyAsync();
            if (packet != "2")
                return packet;
        }
    }

    public async Task<string> ReadAnyAsync()
    {
        using var message = new MemoryStream();
        var buffer = new byte[8192];
        while (true)
        {
            var result = await _socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken).WaitAsync(EngineHost.Patience);
            if (result.MessageType == WebSocketMessageType.Close)
                return "close";
            message.Write(buffer, 0, result.Count);
            if (result.EndOfMessage)
                return result.MessageType == WebSocketMessageType.Text ? Encoding.UTF8.GetString(message.ToArray()) : "b:" + Convert.ToHexString(message.ToArray());
        }
    }

    public Task CloseAsync() => _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", TestContext.Current.CancellationToken).WaitAsync(EngineHost.Patience);

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
