using System.Buffers;
using System.Buffers.Text;

namespace EngineIO.Protocol;

/// <summary>
/// The body of a polling request or answer: packets with a record separator between them, binary ones as <c>b</c> and base64.
/// </summary>
internal static class PayloadCodec
{
    /// <summary>Stands between two packets (U+001E).</summary>
    public const byte Separator = 0x1e;

    /// <summary>First byte of a binary packet.</summary>
    public const byte BinaryPrefix = (byte)'b';

    /// <summary>Number of packets in a payload. An empty payload is one empty packet.</summary>
    public static int CountPackets(ReadOnlySpan<byte> payload) => payload.Count(Separator) + 1;

    /// <summary>Takes the first packet off <paramref name="rest"/>. Call it again until <paramref name="last"/> is true.</summary>
    public static Memory<byte> ReadPacket(ref Memory<byte> rest, out bool last)
    {
        var end = rest.Span.IndexOf(Separator);
        last = end < 0;
        var packet = last ? rest : rest[..end];
        rest = last ? default : rest[(end + 1)..];
        return packet;
    }

    /// <summary>Whether a packet is binary, that is base64 after <see cref="BinaryPrefix"/>.</summary>
    public static bool IsBinary(ReadOnlySpan<byte> packet) => !packet.IsEmpty && packet[0] == BinaryPrefix;

    /// <summary>Decodes a binary packet where it lies; <paramref name="data"/> is a slice of it. False when it is not base64.</summary>
    public static bool TryDecodeBinary(Memory<byte> packet, out ReadOnlyMemory<byte> data)
    {
        var body = packet[1..];
        data = default;

        // The framework's decoder skips white space; the protocol has none.
        if (body.Span.ContainsAny(" \t\r\n"u8))
            return false;
        if (Base64.DecodeFromUtf8InPlace(body.Span, out var written) != OperationStatus.Done)
            return false;
        data = body[..written];
        return true;
    }

    /// <summary>Bytes that <see cref="EncodeBinary"/> writes for <paramref name="length"/> bytes of data.</summary>
    public static int BinaryLength(int length) => checked(1 + Base64.GetMaxEncodedToUtf8Length(length));

    /// <summary>Writes a binary packet; <paramref name="destination"/> has <see cref="BinaryLength"/> bytes.</summary>
    public static int EncodeBinary(ReadOnlySpan<byte> data, Span<byte> destination)
    {
        destination[0] = BinaryPrefix;
        Base64.EncodeToUtf8(data, destination[1..], out _, out var written);
        return written + 1;
    }
}
