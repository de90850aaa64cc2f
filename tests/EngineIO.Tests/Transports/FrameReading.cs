using System.IO.Compression;
using EngineIO.Transports;

namespace EngineIO.Tests.Transports;

/// <summary>What the frame reader makes of bytes, as lines that a test can compare.</summary>
internal static class FrameReading
{
    /// <summary>A payload as permessage-deflate has it.</summary>
    public static byte[] Deflate(ReadOnlySpan<byte> payload)
    {
        using var compressed = new MemoryStream();
        using var deflate = new DeflateStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true);
        deflate.Write(payload);
        deflate.Flush();

        // Nothing at all is flushed for an empty message, whose compressed form the RFC gives (section 7.2.3.6).
        return payload.IsEmpty ? [0] : compressed.ToArray()[..^4];
    }

    /// <summary>What the reader finds in the bytes of all pieces, in order, a line each; nothing is read after a close frame or a violation.</summary>
    public static List<string> Read(IEnumerable<byte[]> pieces, int limit = 1000, bool inflate = false)
    {
        var reader = new WebSocketFrameReader(limit, inflate);
        var found = new List<string>();
        foreach (var piece in pieces)
        {
            // A copy, as it is unmasked in place.
            Memory<byte> rest = piece.ToArray();
            while (true)
            {
                var read = reader.Read(ref rest);
                if (read.Kind == WebSocketReadKind.NeedMore)
                    break;
                found.Add(Describe(read));
                if (read.Kind is WebSocketReadKind.Close or WebSocketReadKind.Violation)
                {
                    reader.Release();
                    return found;
                }
            }

            rest.IsEmpty.ShouldBeTrue("what needs more has taken all there is");
        }

        reader.Release();
        return found;
    }

    private static string Describe(WebSocketRead read)
    {
        switch (read.Kind)
        {
            case WebSocketReadKind.Violation or WebSocketReadKind.TooBig:
                System.Text.Encoding.UTF8.GetByteCount(read.Problem!).ShouldBeInRange(1, 123, "a close frame has room for it");
                return $"{(int)read.Status} {read.Problem}";
            case WebSocketReadKind.Close:
                return $"close {(int)read.Status} {Printable(read.Payload.Span)}".TrimEnd();
            default:
                return $"{read.Kind} {Printable(read.Payload.Span)}".TrimEnd();
        }
    }

    /// <summary>Bytes as a test shows and compares them.</summary>
    public static string Printable(ReadOnlySpan<byte> bytes) =>
        bytes.IndexOfAnyExceptInRange((byte)'!', (byte)'~') < 0 ? System.Text.Encoding.ASCII.GetString(bytes) : "0x" + Convert.ToHexString(bytes);
}
