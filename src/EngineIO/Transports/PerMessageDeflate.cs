using System.Buffers;
using System.IO.Compression;

namespace EngineIO.Transports;

/// <summary>
/// The permessage-deflate extension (RFC 7692) with no context taken over in either direction: what is compressed once then fits
/// every receiver, and an idle connection holds no window.
/// </summary>
internal static class PerMessageDeflate
{
    /// <summary>The answer to an offer that is accepted.</summary>
    public const string Response = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    private const int LargestWindow = 15;

    /// <summary>
    /// What must follow a compressed message before it is inflated: the end of the sync flush that its sender leaves out (RFC 7692, section 7.2.2), and an empty last
    /// block, with which the data is complete.
    /// </summary>
    public static ReadOnlySpan<byte> Ending => [0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff];

    /// <summary>Whether one of the offers in <c>Sec-WebSocket-Extensions</c> can be accepted.</summary>
    public static bool IsAcceptable(IEnumerable<string?> headers)
    {
        foreach (var header in headers)
        {
            foreach (var offer in (header ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (IsAcceptableOffer(offer))
                    return true;
            }
        }

        return false;
    }

    /// <summary>The frames of a message, packets of at least <paramref name="threshold"/> bytes compressed if that makes them smaller.</summary>
    public static ReadOnlyMemory<byte> Compress(OutboundMessage message, int threshold)
    {
        var source = message.Frames;
        MemoryStream? result = null;
        Span<byte> header = stackalloc byte[WebSocketFrame.MaxHeaderLength];
        var copied = 0;
        foreach (var packet in message.Packets)
        {
            if (packet.Length < threshold)
                continue;
            var payload = source.Slice(packet.Start, packet.Length).Span;
            var deflated = Deflate(payload);
            if (deflated.Length >= payload.Length)
                continue;
            result ??= new MemoryStream(source.Length);
            var frameStart = packet.Start - WebSocketFrame.HeaderLength(packet.Length);
            result.Write(source.Span[copied..frameStart]);
            result.Write(header[..WebSocketFrame.WriteHeader(header, packet.Opcode, deflated.Length, compressed: true)]);
            result.Write(deflated.Span);
            copied = packet.Start + packet.Length;
        }

        if (result is null)
            return source;
        result.Write(source.Span[copied..]);
        return result.ToArray();
    }

    /// <summary>Inflates a message. Its length, <paramref name="limit"/> + 1 if it is longer than that, or -1 if it cannot be inflated.</summary>
    /// <param name="compressed">Holds the message with its <see cref="Ending"/>.</param>
    /// <param name="length">Bytes of the two together.</param>
    /// <param name="limit">Largest message, in bytes; no more is inflated and no larger buffer rented.</param>
    /// <param name="inflated">A buffer of the shared pool, exchanged for larger ones as the message needs it.</param>
    public static int Inflate(byte[] compressed, int length, int limit, ref byte[] inflated)
    {
        using var source = new MemoryStream(compressed, 0, length, writable: false);
        using var inflate = new DeflateStream(source, CompressionMode.Decompress);
        var total = 0;
        try
        {
            while (total <= limit)
            {
                if (total == inflated.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(limit + 1L, 2L * total));
                    inflated.AsSpan(0, total).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(inflated);
                    inflated = larger;
                }

                var read = inflate.Read(inflated.AsSpan(total, Math.Min(inflated.Length, limit + 1) - total));
                if (read == 0)
                    break;
                total += read;
            }
        }
        catch (InvalidDataException)
        {
            return -1;
        }

        return total;
    }

    private static ReadOnlyMemory<byte> Deflate(ReadOnlySpan<byte> payload)
    {
        var buffer = new MemoryStream(payload.Length / 2);
        using var deflate = new DeflateStream(buffer, CompressionLevel.Fastest, leaveOpen: true);
        deflate.Write(payload);

        // A sync flush ends on a byte boundary with 00 00 FF FF, which the RFC leaves out (section 7.2.1).
        deflate.Flush();
        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length - 4);
    }

    private static bool IsAcceptableOffer(string offer)
    {
        var parts = offer.Split(';', StringSplitOptions.TrimEntries);
        if (!parts[0].Equals("permessage-deflate", StringComparison.OrdinalIgnoreCase))
            return false;
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var parameter in parts.AsSpan(1))
        {
            var equals = parameter.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? parameter : parameter[..equals].TrimEnd();
            var value = equals < 0 ? null : parameter[(equals + 1)..].Trim().Trim('"');
            if (!seen.Add(name) || !IsAcceptableParameter(name, value))
                return false;
        }

        return true;
    }

    // DeflateStream compresses with the largest window only, so a client that asks the server for a smaller one gets no compression.
    private static bool IsAcceptableParameter(string name, string? value) => name.ToUpperInvariant() switch
    {
        "SERVER_NO_CONTEXT_TAKEOVER" or "CLIENT_NO_CONTEXT_TAKEOVER" => value is null,
        "CLIENT_MAX_WINDOW_BITS" => value is null || IsWindow(value, smallest: 8),
        "SERVER_MAX_WINDOW_BITS" => value is not null && IsWindow(value, LargestWindow),
        _ => false,
    };

    private static bool IsWindow(string value, int smallest) =>
        int.TryParse(value, System.Globalization.NumberStyles.None, null, out var bits) && bits >= smallest && bits <= LargestWindow;
}
