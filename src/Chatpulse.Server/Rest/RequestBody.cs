using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace Chatpulse.Server.Rest;

/// <summary>Reads a small request body whole, up to a limit, and makes JSON of it. Stateless.</summary>
internal static class RequestBody
{
    private const int FirstBuffer = 4096;

    // Objects nested deeper than this are nobody's message; the parser refuses them before it recurses.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32 };

    /// <summary>
    /// The whole body. Nothing is read when its declared length is over the limit, and never more than
    /// <paramref name="maxBytes"/> are kept. Kestrel's own limit would cut the connection, and a caller who is still sending would
    /// never see why; here Kestrel takes in and drops the rest, for a few seconds, after the answer.
    /// </summary>
    /// <exception cref="BadHttpRequestException">413: the body is longer than <paramref name="maxBytes"/>.</exception>
    public static async ValueTask<byte[]> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxBytes)
            throw TooLarge(maxBytes);

        // One byte more than allowed, so that a body of unknown length which is too long is noticed.
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(request.ContentLength + 1 ?? FirstBuffer, maxBytes + 1));
        try
        {
            var length = 0;
            while (true)
            {
                var read = await request.Body.ReadAsync(buffer.AsMemory(length), cancellationToken);
                if (read == 0)
                    return buffer.AsSpan(0, length).ToArray();

                length += read;
                if (length > maxBytes)
                    throw TooLarge(maxBytes);

                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length * 2, maxBytes + 1));
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Parses JSON whose every string can be read: <see cref="JsonDocument"/> alone accepts an escaped lone surrogate and
    /// throws only when somebody asks for the string.
    /// </summary>
    /// <exception cref="JsonException">It is not JSON; the message says where.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
            throw new JsonException("Malformed UTF-8 characters, possibly incorrectly encoded");

        var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = Options.MaxDepth });
        while (reader.Read())
        {
            if (!reader.ValueIsEscaped)
                continue;
            try
            {
                _ = reader.GetString();
            }
            catch (InvalidOperationException notText)
            {
                throw new JsonException("Single unpaired UTF-16 surrogate in unicode escape", notText);
            }
        }

        return JsonDocument.Parse(body, Options);
    }

    private static BadHttpRequestException TooLarge(int maxBytes) =>
        new($"The request body is larger than {maxBytes} bytes.", StatusCodes.Status413PayloadTooLarge);
}
