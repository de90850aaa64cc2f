using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace LoadGenerator;

/// <summary>A client over WebSocket (RFC 6455).</summary>
internal sealed class WebSocketClient(EventLoop loop, int port, Dialect dialect, IClientEvents events) : Client(dialect, events)
{
    // One key for all: masking costs the server the same work whatever the key, and prepared messages can be shared.
    private static readonly byte[] Mask = [0x37, 0xfa, 0x21, 0x3d];

    private readonly Channel _channel = new(loop, port);

    /// <inheritdoc />
    public override bool IsOpen => _channel.IsOpen;

    /// <inheritdoc />
    public override void Open() => _channel.Open(this);

    /// <inheritdoc />
    public override byte[] Prepare(ReadOnlySpan<byte> message) => Frame(0x1, message);

    /// <inheritdoc />
    protected override void Transmit(ReadOnlySpan<byte> prepared) => _channel.Send(prepared);

    /// <inheritdoc />
    public override void StopReading(int receiveBuffer) => _channel.StopReading(receiveBuffer);

    /// <inheritdoc />
    public override void Drop(bool reset) => _channel.Close(reset);

    private static byte[] Frame(byte opcode, ReadOnlySpan<byte> payload)
    {
        var extended = payload.Length < 126 ? 0 : payload.Length <= ushort.MaxValue ? 2 : 8;
        var frame = new byte[2 + extended + Mask.Length + payload.Length];
        frame[0] = (byte)(0x80 | opcode);
        frame[1] = (byte)(0x80 | (extended switch { 0 => payload.Length, 2 => 126, _ => 127 }));
        if (extended == 2) BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)payload.Length);
        else if (extended == 8) BinaryPrimitives.WriteUInt64BigEndian(frame.AsSpan(2), (ulong)payload.Length);
        Mask.CopyTo(frame, 2 + extended);
        var body = frame.AsSpan(2 + extended + Mask.Length);
        for (var i = 0; i < payload.Length; i++) body[i] = (byte)(payload[i] ^ Mask[i & 3]);
        return frame;
    }

    private sealed class Channel(EventLoop loop, int port) : TcpConnection(loop, port)
    {
        private const int KeyLength = 16;

        private static ReadOnlySpan<byte> EndOfHead => "\r\n\r\n"u8;

        private WebSocketClient _client = null!;
        private bool _open;
        private byte[]? _fragments;

        public void Open(WebSocketClient client)
        {
            _client = client;
            Connect();
        }

        protected override void OnConnected() => Send(Encoding.ASCII.GetBytes(
            $"GET {_client.Dialect.WebSocketPath} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + $"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyLength))}\r\n\r\n"));

        protected override void OnLost(string why) => _client.Events.OnLost(_client, why);

        protected override int OnReceived(ReadOnlySpan<byte> data)
        {
            var used = 0;
            if (!_open)
            {
                var head = data.IndexOf(EndOfHead);
                if (head < 0) return 0;
                if (!data.StartsWith("HTTP/1.1 101"u8)) Refuse(data);
                _open = true;
                used = head + EndOfHead.Length;
                if (!_client.Dialect.Greeting.IsEmpty) Send(_client.Prepare(_client.Dialect.Greeting));
            }

            // A message may have made the scenario close this very connection.
            while (IsOpen && TakeFrame(data[used..]) is var length and > 0) used += length;
            return used;
        }

        private int TakeFrame(ReadOnlySpan<byte> data)
        {
            if (data.Length < 2) return 0;
            var header = 2;
            var length = data[1] & 0x7f;
            if (length == 126)
            {
                header = 4;
                if (data.Length < header) return 0;
                length = BinaryPrimitives.ReadUInt16BigEndian(data[2..]);
            }
            else if (length == 127)
            {
                header = 10;
                if (data.Length < header) return 0;
                length = checked((int)BinaryPrimitives.ReadUInt64BigEndian(data[2..]));
            }

            if (data.Length < header + length) return 0;
            OnFrame(data[0], data.Slice(header, length));
            return header + length;
        }

        private void OnFrame(byte first, ReadOnlySpan<byte> payload)
        {
            var last = (first & 0x80) != 0;
            switch (first & 0xf)
            {
                case 0x1 or 0x2 when last:
                    _client.Dialect.OnMessage(_client, payload);
                    break;
                case 0x0 or 0x1 or 0x2:
                    _fragments = [.. _fragments ?? [], .. payload];
                    if (!last) break;
                    var whole = _fragments;
                    _fragments = null;
                    _client.Dialect.OnMessage(_client, whole);
                    break;
                case 0x8:
                    Close(reset: true);
                    OnLost($"closed by the server with a close frame{(payload.Length > 2 ? $": {Encoding.UTF8.GetString(payload[2..])}" : "")}");
                    break;
                case 0x9:
                    Send(Frame(0xA, payload));
                    break;
            }
        }
    }
}
