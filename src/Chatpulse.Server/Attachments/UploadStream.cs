using System.Globalization;
using System.Text;
using Chatpulse.Server.Rest;

namespace Chatpulse.Server.Attachments;

/// <summary>
/// The content of a file while it arrives: what was already read of it first, then the rest. Every byte that passes is counted, and
/// that of a text is checked; what is wrong is thrown as a <see cref="RestException"/> in the middle of the copying, so that nothing
/// has to be kept to be checked.
/// </summary>
/// <remarks>One reader at a time, forward only. Does not own the request's body.</remarks>
internal sealed class UploadStream(ReadOnlyMemory<byte> head, Stream body, FileType type, int maxBytes) : Stream
{
    private readonly Decoder? text = type.Content is FileContent.Text
        ? new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetDecoder()
        : null;

    private ReadOnlyMemory<byte> waiting = head;
    private long passed;

    /// <inheritdoc />
    public override bool CanRead => true;

    /// <inheritdoc />
    public override bool CanSeek => false;

    /// <inheritdoc />
    public override bool CanWrite => false;

    /// <inheritdoc />
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc />
    public override long Position
    {
        get => passed;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc />
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            return 0;

        int read;
        if (waiting.Length > 0)
        {
            read = Math.Min(waiting.Length, buffer.Length);
            waiting[..read].CopyTo(buffer);
            waiting = waiting[read..];
        }
        else
        {
            try
            {
                read = await body.ReadAsync(buffer, cancellationToken);
            }
            catch (BadHttpRequestException tooLong) when (tooLong.StatusCode == StatusCodes.Status413PayloadTooLarge)
            {
                throw TooLarge();
            }
            catch (Exception broken) when (broken is IOException or InvalidDataException)
            {
                throw new RestException(StatusCodes.Status400BadRequest, "rest_upload_incomplete", "The file breaks off before its end.", broken);
            }
        }

        passed += read;
        if (passed > maxBytes)
            throw TooLarge();
        CheckText(buffer.Span[..read], isEnd: read == 0);
        return read;
    }

    /// <inheritdoc />
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc />
    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("A request's body is read asynchronously.");

    /// <inheritdoc />
    public override void Flush()
    {
    }

    /// <inheritdoc />
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc />
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc />
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void CheckText(ReadOnlySpan<byte> bytes, bool isEnd)
    {
        if (text is null)
            return;
        if (bytes.Contains((byte)0))
            throw Upload.WrongType("its content is not text: it has a NUL byte");

        Span<char> decoded = stackalloc char[1024];
        try
        {
            do
            {
                var piece = bytes[..Math.Min(bytes.Length, decoded.Length - 1)];
                bytes = bytes[piece.Length..];
                text.GetChars(piece, decoded, flush: isEnd);
            }
            while (bytes.Length > 0);
        }
        catch (DecoderFallbackException)
        {
            throw Upload.WrongType("its content is not text in UTF-8");
        }
    }

    private RestException TooLarge() =>
        RestException.TooLarge(string.Create(CultureInfo.InvariantCulture, $"The file is larger than {maxBytes} bytes."));
}
