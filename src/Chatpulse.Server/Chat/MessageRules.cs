using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Chat;

/// <summary>What a message may be, whichever way it comes.</summary>
internal static class MessageRules
{
    /// <summary>The draft with its content trimmed and its type filled in; throws what is wrong with it.</summary>
    public static MessageDraft Check(MessageDraft draft)
    {
        var content = draft.Content.Trim();
        StoreInput.RequireContent(content);

        var contentType = draft.ContentType ?? ContentTypes.PlainText;
        if (!ContentTypes.All.Contains(contentType))
            throw StoreInput.Invalid($"contentType must be one of {string.Join(", ", ContentTypes.All.Order(StringComparer.Ordinal))}.");

        if (draft.TempId is { } tempId)
        {
            if (tempId.Length == 0)
                throw StoreInput.Invalid("tempId must have at least one character.");
            StoreInput.RequireText(tempId, "tempId", StoreLimits.TempIdLength);
        }

        if (draft.AttachmentIds.Count > StoreLimits.AttachmentsPerMessage)
            throw new ChatException(ChatErrorCodes.TooLarge, $"attachments may hold at most {StoreLimits.AttachmentsPerMessage} ids.");
        return draft with { Content = content, ContentType = contentType };
    }
}
