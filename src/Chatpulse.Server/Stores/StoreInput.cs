using System.Globalization;
using System.Text;
using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores;

/// <summary>
/// The checks that every store makes on what it is given, so that no store depends on its callers for its own health.
/// Each throws a <see cref="ChatException"/> whose message names the field.
/// </summary>
internal static class StoreInput
{
    public static void RequireId(long id, string field)
    {
        if (id is < 1 or > StoreLimits.Id)
            throw Invalid($"{field} must be a whole number from 1 to {StoreLimits.Id}");
    }

    public static void RequireIds(IReadOnlyCollection<long> ids, string field, int atMost)
    {
        if (ids.Count > atMost)
            throw Invalid($"{field} may have at most {atMost} ids");
        foreach (var id in ids)
            RequireId(id, field);
    }

    /// <summary>The number of rows to answer: at least one is asked for, more than a page is cut to a page.</summary>
    public static int PageSize(int asked, string field) =>
        asked < 1 ? throw Invalid($"{field} must be at least 1") : Math.Min(asked, StoreLimits.PageSize);

    public static void RequireContent(string content)
    {
        RequireText(content, "content");
        if (string.IsNullOrWhiteSpace(content))
            throw Invalid("content must not be empty");
        // Code points are never more than UTF-16 units, so only long texts are counted.
        if (content.Length > StoreLimits.ContentCharacters && content.EnumerateRunes().Count() > StoreLimits.ContentCharacters)
            throw new ChatException(ChatErrorCodes.TooLarge, $"content may have at most {StoreLimits.ContentCharacters} characters");
    }

    /// <summary>
    /// One emoji, as people see it: flags, keycaps, skin tones and joined families are one. Told by its first character, because what the
    /// framework knows of characters does not say which are emoji, and because new emoji must not wait for it: pictures, and signs that a variation selector
    /// makes a picture.
    /// </summary>
    public static void RequireEmoji(string emoji)
    {
        if (emoji.Length > StoreLimits.EmojiLength)
            throw Invalid($"emoji may have at most {StoreLimits.EmojiLength} characters");
        RequireText(emoji, "emoji");
        if (emoji.Length == 0 || StringInfo.GetNextTextElementLength(emoji) != emoji.Length || !IsPicture(emoji))
            throw Invalid("emoji must be one emoji");
    }

    public static void RequireText(string text, string field, int maxLength)
    {
        if (text.Length > maxLength)
            throw Invalid($"{field} may have at most {maxLength} characters");
        RequireText(text, field);
    }

    /// <summary>The last part of a path, without control characters; some clients send where the file was on their disk.</summary>
    public static string Filename(string filename)
    {
        RequireText(filename, "filename", StoreLimits.FilenameLength);
        var name = string.Concat(filename[(filename.LastIndexOfAny(['/', '\\']) + 1)..].Where(c => !char.IsControl(c))).Trim();
        return name.Length > 0 && name is not ("." or "..") ? name : throw Invalid("filename must be the name of a file");
    }

    public static ChatException Invalid(string message) => new(ChatErrorCodes.Invalid, message);

    private static bool IsPicture(string element)
    {
        const char variation = '\uFE0F';
        const char keycap = '\u20E3';
        if (element[0] is (>= '0' and <= '9') or '#' or '*')
            return element[1..] is [keycap] or [variation, keycap];

        foreach (var rune in element.EnumerateRunes())
        {
            // Joined to it: variation selectors, the joiner, tags of regional flags. Anything else must be a picture of its own, so that no accents are piled up.
            var joins = rune.Value is variation or 0x200D or (>= 0xE0020 and <= 0xE007F);
            if (!joins && !IsPicture(rune, withVariation: element.Contains(variation)))
                return false;
        }

        return Rune.GetUnicodeCategory(Rune.GetRuneAt(element, 0)) is not (UnicodeCategory.Format or UnicodeCategory.NonSpacingMark);
    }

    private static bool IsPicture(Rune rune, bool withVariation) => rune.Value is >= 0x1F000 and <= 0x1FAFF
        || (!rune.IsAscii && Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.OtherSymbol => true,
            UnicodeCategory.MathSymbol or UnicodeCategory.OtherPunctuation or UnicodeCategory.DashPunctuation => withVariation,
            UnicodeCategory.LowercaseLetter => rune.Value == 0x2139 && withVariation,
            _ => false,
        });

    /// <summary>
    /// Text must be text: a lone surrogate has no UTF-8 and would come back changed, a NUL would end the text early in the database.
    /// Both are refused and not repaired, because nobody types them and a silent change breaks comparing what was sent with what is stored.
    /// </summary>
    private static void RequireText(string text, string field)
    {
        if (text.Contains('\0'))
            throw Invalid($"{field} must not contain the character U+0000");
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            var surrogate = rest.IndexOfAnyInRange('\uD800', '\uDFFF');
            if (surrogate < 0)
                return;
            if (Rune.DecodeFromUtf16(rest[surrogate..], out _, out var length) != System.Buffers.OperationStatus.Done)
                throw Invalid($"{field} must not contain half of a surrogate pair");
            rest = rest[(surrogate + length)..];
        }
    }
}
