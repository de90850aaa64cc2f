namespace Chatpulse.Server.Attachments;

/// <summary>A type of file that may be uploaded: its extensions, its media type, and what its content must look like.</summary>
internal sealed record FileType(string MimeType, string[] Extensions, FileContent Content, byte[][] Signatures)
{
    /// <summary>How many bytes of a file are enough to tell its type.</summary>
    public const int HeadBytes = 4096;

    private static readonly byte[] Ole = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    private static readonly byte[] Zip = [(byte)'P', (byte)'K', 3, 4];
    private static readonly byte[] EmptyZip = [(byte)'P', (byte)'K', 5, 6];

    /// <summary>Every type there is.</summary>
    public static IReadOnlyList<FileType> All { get; } =
    [
        new("image/jpeg", ["jpg", "jpeg"], FileContent.Signature, [[0xFF, 0xD8, 0xFF]]),
        new("image/png", ["png"], FileContent.Signature, [[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]]),
        new("image/gif", ["gif"], FileContent.Signature, ["GIF87a"u8.ToArray(), "GIF89a"u8.ToArray()]),
        new("image/webp", ["webp"], FileContent.Signature, ["RIFF"u8.ToArray()]),
        new("application/pdf", ["pdf"], FileContent.Signature, ["%PDF-"u8.ToArray()]),
        new("text/plain", ["txt"], FileContent.Text, []),
        new("application/msword", ["doc"], FileContent.Signature, [Ole]),
        new("application/vnd.ms-excel", ["xls"], FileContent.Signature, [Ole]),
        new("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ["docx"], FileContent.OfficeZip, [Zip]),
        new("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ["xlsx"], FileContent.OfficeZip, [Zip]),
        new("application/zip", ["zip"], FileContent.Signature, [Zip, EmptyZip]),
    ];

    /// <summary>The type that a file of this name claims to be, or null when files of that name are not taken.</summary>
    public static FileType? ForName(string filename)
    {
        var extension = Path.GetExtension(filename.AsSpan());
        if (extension.IsEmpty)
            return null;
        foreach (var type in All)
        {
            foreach (var known in type.Extensions)
            {
                if (extension[1..].Equals(known, StringComparison.OrdinalIgnoreCase))
                    return type;
            }
        }

        return null;
    }

    /// <summary>Whether a file that the caller declares as <paramref name="declared"/> may be of this type; undeclared and unknown binary may.</summary>
    public bool MayBeDeclared(ReadOnlySpan<char> declared) =>
        declared.IsEmpty
        || declared.Equals(MimeType, StringComparison.OrdinalIgnoreCase)
        || declared.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase)
        || (MimeType is "image/jpeg" && declared.Equals("image/jpg", StringComparison.OrdinalIgnoreCase))
        || (MimeType is "application/zip" && declared.Equals("application/x-zip-compressed", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a file that begins like this can be of this type.</summary>
    public bool Fits(ReadOnlySpan<byte> head)
    {
        if (Content is FileContent.Text)
            return true;

        foreach (var signature in Signatures)
        {
            if (!head.StartsWith(signature))
                continue;
            return MimeType switch
            {
                "image/webp" => head.Length >= 12 && head[8..12].SequenceEqual("WEBP"u8),
                _ when Content is FileContent.OfficeZip => head.IndexOf("[Content_Types].xml"u8) >= 0 || head.IndexOf("_rels/"u8) >= 0
                    || head.IndexOf("word/"u8) >= 0 || head.IndexOf("xl/"u8) >= 0,
                _ => true,
            };
        }

        return false;
    }
}
