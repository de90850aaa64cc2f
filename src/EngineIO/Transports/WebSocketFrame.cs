using System.Buffers.Binary;

namespace EngineIO.Transports;

/// <summary>The WebSocket frames that a server sends (RFC 6455, section 5.2): never masked, never fragmented.</summary>
internal static class WebSocketFrame
{
    public const byte Continuation = 0x0;
    public const byte Text = 0x1;
    public const byte Binary = 0x2;
    public const byte Close = 0x8;
    public const byte Ping = 0x9;
    public const byte Pong = 0xa;

    /// <summary>The longest header a server frame has.</summary>
    public const int MaxHeaderLength = 10;

    private const byte Final = 0x80;
    private const byte Compressed = 0x40;

    /// <summary>Length of the header in front of a payload: 2, 4 or 10 bytes.</summary>
    public static int HeaderLength(int payloadLength) => payloadLength switch
    {
        < 126 => 2,
        <= ushort.MaxValue => 4,
        _ => MaxHeaderLength,
    };

    /// <summary>Writes the header and returns its length.</summary>
    public static int WriteHeader(Span<byte> destination, byte opcode, int payloadLength, bool compressed = false)
    {
        destination[0] = (byte)(Final | (compressed ? Compressed : 0) | opcode);
        switch (HeaderLength(payloadLength))
        {
            case 2:
                destination[1] = (byte)payloadLength;
                return 2;
            case 4:
                destination[1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)payloadLength);
                return 4;
            default:
                destination[1] = 127;
                BinaryPrimitives.WriteUInt64BigEndian(destination[2..], (ulong)payloadLength);
                return MaxHeaderLength;
        }
    }

    /// <summary>Whether a close frame may bear it (RFC 6455, section 7.4): 1004 to 1006 and 1015 never leave an endpoint, what is not listed has no meaning yet.</summary>
    public static bool IsStatusThatMayBeSent(int status) => status is (>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999);

    /// <summary>A close frame without a status.</summary>
    public static byte[] CreateClose() => [Final | Close, 0];

    /// <summary>The answer to a ping, whose payload it returns: at most 125 bytes.</summary>
    public static byte[] CreatePong(ReadOnlySpan<byte> payload)
    {
        var frame = new byte[2 + payload.Length];
        WriteHeader(frame, Pong, payload.Length);
        payload.CopyTo(frame.AsSpan(2));
        return frame;
    }

    /// <summary>A close frame with a status code and, in at most 123 bytes of UTF-8, why.</summary>
    public static byte[] CreateClose(ushort status, string reason)
    {
        var length = 2 + System.Text.Encoding.UTF8.GetByteCount(reason);
        if (length > 125)
            throw new ArgumentException("A close frame has room for 123 bytes of reason.", nameof(reason));
        var frame = new byte[2 + length];
        WriteHeader(frame, Close, length);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), status);
        System.Text.Encoding.UTF8.GetBytes(reason, frame.AsSpan(4));
        return frame;
    }
}
