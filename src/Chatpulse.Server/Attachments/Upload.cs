using System.Globalization;
using System.Text;
using Chatpulse.Server.Rest;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Chatpulse.Server.Attachments;

/// <summary>A file on its way in: its name made harmless, its type known, its content still to be read.</summary>
/// <param name="Filename">Without a path, without characters that control anything, and with an extension of <paramref name="Type"/>.</param>
/// <param name="Type">What name, declaration and first bytes agree on.</param>
/// <param name="Content">The file as it arrives; reading it throws a <see cref="RestException"/> as soon as it turns out wrong.</param>
internal sealed record Upload(string Filename, FileType Type, Stream Content)
{
    private const int MaxFilename = 150;
    private const int MaxBoundary = 70;

    /// <summary>Reads up to the beginning of the field <c>file</c> of a multipart body, and checks what can be known there.</summary>
    /// <exception cref="RestException">There is none, it is empty, or it is of no type that is taken.</exception>
    public static async Task<Upload> ReadAsync(HttpRequest request, int maxFileBytes, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var form) || !form.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            throw RestException.Missing(["file"]);

        var boundary = HeaderUtilities.RemoveQuotes(form.Boundary);
        if (boundary.Length is 0 or > MaxBoundary)
            throw NotAForm(string.Create(CultureInfo.InvariantCulture, $"its boundary must be 1 to {MaxBoundary} characters"), cause: null);

        MultipartSection section;
        ContentDispositionHeaderValue? field;
        byte[] head;
        try
        {
            var reader = new MultipartReader(boundary.ToString(), request.Body);
            do
            {
                section = await reader.ReadNextSectionAsync(cancellationToken) ?? throw RestException.Missing(["file"]);
                if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out field))
                    throw NotAForm("a part has no content disposition", cause: null);
            }
            while (!HeaderUtilities.RemoveQuotes(field.Name).Equals("file", StringComparison.Ordinal));

            if (!field.FileName.HasValue && !field.FileNameStar.HasValue)
                throw RestException.Invalid("file", "file must be a file, not text.");

            head = await ReadHeadAsync(section.Body, cancellationToken);
        }
        catch (Exception broken) when (broken is (IOException or InvalidDataException) and not BadHttpRequestException)
        {
            throw NotAForm("it ends or breaks off before the file begins", broken);
        }

        if (head.Length == 0)
            throw RestException.Invalid("file", "file must not be empty.");

        var filename = Sanitize(HeaderUtilities.RemoveQuotes(field.FileNameStar.HasValue ? field.FileNameStar : field.FileName).ToString());
        var type = FileType.ForName(filename)
            ?? throw WrongType("its extension must be one of " + string.Join(", ", FileType.All.SelectMany(known => known.Extensions)));
        var declared = MediaTypeHeaderValue.TryParse(section.ContentType, out var parsed) ? parsed.MediaType.ToString() : "";
        if (!type.MayBeDeclared(declared))
            throw WrongType($"it is declared as {declared}, but its extension says {type.MimeType}");
        if (!type.Fits(head))
            throw WrongType($"its content is not {type.MimeType}");

        return new Upload(filename, type, new UploadStream(head, section.Body, type, maxFileBytes));
    }

    /// <summary>The refusal of a file that is not what it says, or nothing that is taken.</summary>
    public static RestException WrongType(string reason) => new(
        StatusCodes.Status400BadRequest, "invalid_file_type", $"The file cannot be uploaded: {reason}.");

    /// <summary>
    /// A file name that is safe on every system and in every header: the last part of a path, without control characters and the
    /// invisible ones that turn the direction of writing (<c>exe.gpj</c>), without what systems reserve, at most 150 UTF-16 units.
    /// </summary>
    public static string Sanitize(string name)
    {
        name = name[(name.AsSpan().LastIndexOfAny('/', '\\') + 1)..];
        var safe = new StringBuilder(Math.Min(name.Length, 4 * MaxFilename));
        foreach (var rune in name.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                continue;
            safe.Append(rune.IsAscii && "<>:\"|?*%;".Contains((char)rune.Value, StringComparison.Ordinal) ? "_" : rune.ToString());
        }

        var cleaned = safe.ToString().Trim(' ', '.');
        if (cleaned.Length <= MaxFilename)
            return cleaned.Length > 0 ? cleaned : "file";

        // The extension stays: it is what people and systems tell the type by.
        var extension = Path.GetExtension(cleaned);
        if (extension.Length > 10)
            extension = "";
        var end = MaxFilename - extension.Length;
        if (char.IsHighSurrogate(cleaned[end - 1]))
            end--;
        return cleaned[..end] + extension;
    }

    private static async Task<byte[]> ReadHeadAsync(Stream body, CancellationToken cancellationToken)
    {
        var head = new byte[FileType.HeadBytes];
        var length = await body.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        return length == head.Length ? head : head[..length];
    }

    private static RestException NotAForm(string reason, Exception? cause) => new(
        StatusCodes.Status400BadRequest, "rest_invalid_form", $"Invalid form body passed: {reason}.", cause);
}
