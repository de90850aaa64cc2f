using System.Globalization;

namespace Chatpulse.Server.Chat;

/// <summary>What a message may be, whichever way it comes.</summary>
internal static class MessageRules
{
    /// <summary>In UTF-16 code units, as JavaScript's <c>length</c> counts, after trimming.</summary>
    public const int MaxContentLength = 10_000;

    /// <summary>In UTF-16 code units.</summary>
    public const int MaxTempIdLength = 128;

    /// <summary>Files a message.</summary>
    public const int MaxAttachments = 10;

    /// <summary>Messages that one event or request may mark as read.</summary>
    public const int MaxReadIds = 1_000;

    /// <summary>The draft with its content trimmed and its type filled in; throws what is wrong with it.</summary>
    public static MessageDraft Check(MessageDraft draft)
    {
        var content = draft.Content.Trim();
        if (content.Length == 0)
            throw Invalid("content must have at least one character that is not a space.");
        if (content.Length > MaxContentLength)
            throw new ChatException(ChatErrorCodes.TooLarge, string.Create(CultureInfo.InvariantCulture, $"content may have at most {MaxContentLength} characters, not {content.Length}."));
        CheckCharacters("content", content);

        var contentType = draft.ContentType ?? ContentTypes.PlainText;
        if (!ContentTypes.All.Contains(contentType))
            throw Invalid($"contentType must be one of {string.Join(", ", ContentTypes.All.Order(StringComparer.Ordinal))}.");

        if (draft.TempId is { } tempId)
        {
            if (tempId.Length == 0)
                throw Invalid("tempId must have at least one character.");
            if (tempId.Length > MaxTempIdLength)
                throw new ChatException(ChatErrorCodes.TooLarge, string.Create(CultureInfo.InvariantCulture, $"tempId may have at most {MaxTempIdLength} characters, not {tempId.Length}."));
            CheckCharacters("tempId", tempId);
        }

        if (draft.AttachmentIds.Count > MaxAttachments)
            throw new ChatException(ChatErrorCodes.TooLarge, string.Create(CultureInfo.InvariantCulture, $"attachments may hold at most {MaxAttachments} ids, not {draft.AttachmentIds.Count}."));
        return draft with { Content = content, ContentType = contentType };
    }

    private static void CheckCharacters(string field, string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\0')
                throw Invalid($"{field} may not hold the character NUL.");
            if (!char.IsSurrogate(c))
                continue;
            if (!char.IsHighSurrogate(c) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
                throw Invalid($"{field} holds half of a surrogate pair, which is not a character.");
            i++;
        }
    }

    private static ChatException Invalid(string message) => new(ChatErrorCodes.Invalid, message);
}
