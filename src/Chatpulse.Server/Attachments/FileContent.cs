namespace Chatpulse.Server.Attachments;

/// <summary>How the content of a file shows what it is.</summary>
internal enum FileContent
{
    /// <summary>By its first bytes.</summary>
    Signature,

    /// <summary>A ZIP that holds a document of Microsoft Office: its first bytes are those of a ZIP, its parts say which.</summary>
    OfficeZip,

    /// <summary>By having nothing in it but UTF-8 text.</summary>
    Text,
}
