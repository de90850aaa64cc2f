using System.Buffers;
using System.IO.Compression;
using EngineIO.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace EngineIO.Transports;

/// <summary>Writes the answer to a poll: one payload, compressed where client and options allow it.</summary>
internal static class PollingResponse
{
    public static Task WriteAsync(HttpContext context, List<OutboundMessage> messages, EngineIOOptions options)
    {
        var length = messages.Count - 1;
        var compress = false;
        foreach (var message in messages)
        {
            length = checked(length + message.PollingPayload().Length);
            compress |= message.Compress;
        }

        var response = context.Response;
        response.ContentType = "text/plain; charset=UTF-8";
        response.Headers.CacheControl = "no-store";
        if (options.HttpCompression)
        {
            response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
            if (compress && length >= options.HttpCompressionThreshold && ChooseEncoding(context.Request) is { } encoding)
                return WriteCompressedAsync(response, messages, encoding);
        }

        response.ContentLength = length;
        WritePayload(response.BodyWriter, messages);
        return response.BodyWriter.FlushAsync(CancellationToken.None).AsTask();
    }

    private static async Task WriteCompressedAsync(HttpResponse response, List<OutboundMessage> messages, string encoding)
    {
        var plain = new ArrayBufferWriter<byte>();
        WritePayload(plain, messages);
        using var buffer = new MemoryStream();
        await using (Stream stream = encoding is "gzip"
            ? new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true)
            : new ZLibStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
        {
            await stream.WriteAsync(plain.WrittenMemory, CancellationToken.None);
        }

        response.Headers.ContentEncoding = encoding;
        response.ContentLength = buffer.Length;
        await response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), CancellationToken.None);
    }

    private static void WritePayload(IBufferWriter<byte> writer, List<OutboundMessage> messages)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            if (i > 0)
                writer.Write([PayloadCodec.Separator]);
            writer.Write(messages[i].PollingPayload().Span);
        }
    }

    private static string? ChooseEncoding(HttpRequest request)
    {
        if (!StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding, out var accepted))
            return null;
        string? choice = null;
        var best = 0.0;
        foreach (var value in accepted)
        {
            var quality = value.Quality ?? 1;
            var isGzip = value.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) || value.Value.Equals("*", StringComparison.Ordinal);
            if (!isGzip && !value.Value.Equals("deflate", StringComparison.OrdinalIgnoreCase))
                continue;

            // Of two that the client likes the same, gzip: what "deflate" means has been misread too often.
            if (quality > best || (quality == best && isGzip && best > 0))
            {
                choice = isGzip ? "gzip" : "deflate";
                best = quality;
            }
        }

        return choice;
    }
}
