using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace EngineIO.Tests.Hosting;

/// <summary>A WebSocket client that sends any bytes it is given, right or wrong, and sees the frames as they come.</summary>
internal sealed class RawWebSocket : IAsyncDisposable
{
    private readonly TcpClient _tcp;

    private RawWebSocket(TcpClient tcp) => _tcp = tcp;

    public string Response { get; private set; } = "";

    private NetworkStream Stream => _tcp.GetStream();

    public static async Task<RawWebSocket> ConnectAsync(EngineHost host, string? sid = null, string headers = "")
    {
        var socket = await ConnectTcpAsync(host);
        await socket.SendAsync(Opening(host, sid, headers));
        await socket.ReadResponseAsync();
        return socket;
    }

    public static async Task<RawWebSocket> ConnectTcpAsync(EngineHost host)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync("127.0.0.1", host.Port, TestContext.Current.CancellationToken);
        return new RawWebSocket(tcp);
    }

    /// <summary>The request that opens a WebSocket.</summary>
    public static byte[] Opening(EngineHost host, string? sid = null, string headers = "") => Encoding.ASCII.GetBytes(
        $"GET {host.WebSocketUri(sid).PathAndQuery} HTTP/1.1\r\nHost: 127.0.0.1:{host.Port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n");

    /// <summary>A frame whose length is in the shortest form.</summary>
    public static byte[] Frame(byte first, ReadOnlySpan<byte> payload, bool masked = true, uint mask = 0x37fa213d)
    {
        Span<byte> length = stackalloc byte[9];
        var lengthBytes = 1;
        if (payload.Length < 126)
        {
            length[0] = (byte)payload.Length;
        }
        else if (payload.Length <= ushort.MaxValue)
        {
            length[0] = 126;
            BinaryPrimitives.WriteUInt16BigEndian(length[1..], (ushort)payload.Length);
            lengthBytes = 3;
        }
        else
        {
            length[0] = 127;
            BinaryPrimitives.WriteInt64BigEndian(length[1..], payload.Length);
            lengthBytes = 9;
        }

        if (!masked)
            return [first, .. length[..lengthBytes], .. payload];
        length[0] |= 0x80;
        Span<byte> keys = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(keys, mask);
        byte[] frame = [first, .. length[..lengthBytes], .. keys, .. payload];
        var start = frame.Length - payload.Length;
        for (var i = start; i < frame.Length; i++)
            frame[i] ^= keys[(i - start) % 4];
        return frame;
    }

    public static byte[] Text(string text) => Frame(0x81, Encoding.UTF8.GetBytes(text));

    public async Task SendAsync(byte[] bytes)
    {
        await Stream.WriteAsync(bytes, TestContext.Current.CancellationToken);
        await Stream.FlushAsync(TestContext.Current.CancellationToken);
    }

    public async Task<string> ReadResponseAsync()
    {
        var text = new StringBuilder();
        while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            text.Append((char)(await ReadAsync(1))[0]);
        return Response = text.ToString();
    }

    public async Task<byte[]> ReadAsync(int count)
    {
        var buffer = new byte[count];
        await Stream.ReadExactlyAsync(buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(EngineHost.Patience);
        return buffer;
    }

    public async Task<(byte First, byte[] Payload)> ReadFrameAsync()
    {
        var header = await ReadAsync(2);
        (header[1] & 0x80).ShouldBe(0, "a server must not mask");
        long length = header[1];
        if (length == 126)
            length = BinaryPrimitives.ReadUInt16BigEndian(await ReadAsync(2));
        else if (length == 127)
            length = BinaryPrimitives.ReadInt64BigEndian(await ReadAsync(8));
        return (header[0], await ReadAsync((int)length));
    }

    /// <summary>The next text frame that is no ping.</summary>
    public async Task<string> ReadTextAsync()
    {
        while (true)
        {
            var (first, payload) = await ReadFrameAsync();
            first.ShouldBe((byte)0x81);
            var text = Encoding.UTF8.GetString(payload);
            if (text != "2")
                return text;
        }
    }

    /// <summary>The status of the close frame that comes; data frames before it are passed over.</summary>
    public async Task<int> ReadCloseAsync()
    {
        while (true)
        {
            var (first, payload) = await ReadFrameAsync();
            if (first == 0x88)
                return payload.Length == 0 ? 1005 : BinaryPrimitives.ReadUInt16BigEndian(payload);
        }
    }

    /// <summary>Reads to the end of the connection, however it ends; what still comes is thrown away.</summary>
    public async Task ReadToEndAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while (await Stream.ReadAsync(buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(EngineHost.Patience) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Reset: that is an end as well.
        }
    }

    /// <summary>Ends the connection with a reset.</summary>
    public void Reset()
    {
        _tcp.LingerState = new LingerOption(enable: true, seconds: 0);
        _tcp.Close();
    }

    public ValueTask DisposeAsync()
    {
        _tcp.Dispose();
        return ValueTask.CompletedTask;
    }
}
