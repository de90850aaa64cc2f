using System.Net;
using System.Text.RegularExpressions;

namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>What WordPress makes of text before it keeps it: tags are dropped, what is left of markup becomes entities.</summary>
internal static partial class ContentFilter
{
    // What PHP trims; the framework would take more.
    private static readonly char[] Blanks = [' ', '\t', '\n', '\r', '\0', '\v'];

    /// <summary>A message.</summary>
    public static string Content(string content)
    {
        var text = Tags().Replace(ControlCharacters().Replace(content, ""), "");
        text = Ampersands().Replace(text, "&amp;");
        return text.Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal).Trim(Blanks);
    }

    /// <summary>A title, on one line. From a sign that only looks like a tag on, all is escaped.</summary>
    public static string Title(string title)
    {
        var text = Tags().Replace(Scripts().Replace(title, ""), "");
        if (text.IndexOf('<', StringComparison.Ordinal) is >= 0 and var sign)
            text = text[..sign] + WebUtility.HtmlEncode(text[sign..]);
        return Octets().Replace(WhiteSpace().Replace(text, " "), "").Trim(Blanks);
    }

    [GeneratedRegex("<(?<name>script|style)[^>]*>.*?</\\k<name>>", RegexOptions.Singleline | RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Scripts();

    [GeneratedRegex(@"</?[a-zA-Z!][^<>]*>", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Tags();

    [GeneratedRegex(@"[\x00-\x08\x0B\x0C\x0E-\x1F]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex ControlCharacters();

    [GeneratedRegex(@"&(?!(#\d+|#x[0-9a-fA-F]+|amp|lt|gt|quot|nbsp|copy|apos);)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Ampersands();

    [GeneratedRegex(@"[\r\n\t ]+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex WhiteSpace();

    [GeneratedRegex(@"%[a-fA-F0-9]{2}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Octets();
}
