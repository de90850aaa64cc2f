using Chatpulse.Server.Chat;
using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Rest;

/// <summary>The messages of a thread: history, sending, reading, and who has read.</summary>
internal sealed class MessageRoutes(IEmbeddedStore store, ChatService chat, ThreadAccess access)
{
    public IEnumerable<RestRoute> For(string path) =>
    [
        new(HttpMethods.Get, path + "/threads/{thread_id}/messages",
            [new("thread_id", Required: true), new("before", Default: ""), new("before_id"), new("after_id"), new("limit", Default: 50)], HistoryAsync),
        new(HttpMethods.Post, path + "/threads/{thread_id}",
            [new("thread_id", Required: true), new("content", Required: true), new("content_type", Default: ContentTypes.PlainText),
                new("attachment_ids", Default: RestArgument.EmptyList), new("sender_id"), new("client_id")], SendAsync),
        new(HttpMethods.Post, path + "/threads/{thread_id}/read", [new("thread_id", Required: true), new("message_id"), new("message_ids")], ReadAsync),
        new(HttpMethods.Get, path + "/messages/{message_id}/receipts", [new("message_id", Required: true)], ReceiptsAsync),
    ];

    private async Task HistoryAsync(RestCall call)
    {
        var threadId = call.PathId("thread_id");
        var limit = call.Parameters.Integer("limit", 50, min: 1, max: 100);
        var before = call.Parameters.Text("before", "", text =>
            text.Length == 0 || RestTime.TryRead(text, out _) ? null : "must be a time such as 2026-01-31 23:59:59");
        var beforeId = call.Parameters.OptionalId("before_id");
        var afterId = call.Parameters.OptionalId("after_id", zero: true);
        if ((before.Length > 0 ? 1 : 0) + (beforeId is null ? 0 : 1) + (afterId is null ? 0 : 1) > 1)
            call.Parameters.Refuse(afterId is null ? "before" : "after_id", "cannot be combined: give one of before, before_id and after_id");
        var user = await call.UserAsync();
        await access.CheckAsync(user.UserId, threadId, call.Aborted);

        var page = RestTime.TryRead(before, out var time)
            ? await store.HistoryBeforeTimeAsync(user.UserId, threadId, time, limit, call.Aborted)
            : await store.HistoryAsync(user.UserId, threadId, beforeId, afterId, limit, call.Aborted);
        await call.AnswerAsync(
            new MessagesAnswer([.. page.Messages.Select(RestMessage.From)], page.HasMore), RestJson.Wire.MessagesAnswer);
    }

    private async Task SendAsync(RestCall call)
    {
        var threadId = call.PathId("thread_id");
        var content = call.Parameters.Text("content").Trim();
        call.Parameters.Check("content", () => StoreInput.RequireContent(content));
        var contentType = call.Parameters.Text("content_type", ContentTypes.PlainText, text =>
            ContentTypes.All.Contains(text) ? null : "must be one of " + string.Join(", ", ContentTypes.All.Order(StringComparer.Ordinal)));
        var attachments = call.Parameters.Ids("attachment_ids", StoreLimits.AttachmentsPerMessage) ?? [];
        var senderId = call.Parameters.OptionalId("sender_id");
        var clientId = call.Parameters.OptionalText("client_id", text => text.Length == 0 ? "must have at least one character" : null);
        if (clientId is not null)
            call.Parameters.Check("client_id", () => StoreInput.RequireText(clientId, "client_id", StoreLimits.TempIdLength));
        var user = await call.UserAsync();

        if (senderId is { } sender && sender != user.UserId)
            throw new RestException(StatusCodes.Status403Forbidden, "rest_forbidden_sender", "sender_id must be the caller's own id, or left out.");
        await access.CheckAsync(user.UserId, threadId, call.Aborted);

        var draft = new MessageDraft
        {
            SenderId = user.UserId,
            ThreadId = threadId,
            TempId = clientId,
            Content = content,
            ContentType = contentType,
            AttachmentIds = attachments,
        };
        StoredMessage stored;
        try
        {
            stored = await chat.SendAsync(draft, sender: null, call.Aborted);
        }
        catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.Invalid)
        {
            // All else was checked above: only the store knows whose an attachment is.
            throw RestException.Invalid("attachment_ids", refusal.Message);
        }

        await call.AnswerAsync(
            new MessageAnswer(RestMessage.From(stored.Message), Success: true, stored.AlreadyStored),
            RestJson.Wire.MessageAnswer,
            stored.AlreadyStored ? StatusCodes.Status200OK : StatusCodes.Status201Created);
    }

    private async Task ReadAsync(RestCall call)
    {
        var threadId = call.PathId("thread_id");
        var messageId = call.Parameters.OptionalId("message_id");
        var messageIds = call.Parameters.Ids("message_ids", messageId is null ? StoreLimits.IdsPerCall : StoreLimits.IdsPerCall - 1);
        var user = await call.UserAsync();
        await access.CheckAsync(user.UserId, threadId, call.Aborted);

        IReadOnlyList<long>? ids = messageId is { } id ? [id, .. messageIds ?? []] : messageIds;

        // The plugin passes over what is not in the thread, and its front end relies on that being no error.
        if (ids is not null)
            ids = await store.MessagesInThreadAsync(threadId, ids, call.Aborted);
        var receipts = await chat.MarkReadAsync(user.UserId, threadId, ids, reader: null, call.Aborted);
        await call.AnswerAsync(
            new ReadAnswer(
                Success: true,
                receipts.Count,
                [.. receipts.Select(receipt => new RestNewReceipt(receipt.MessageId, RestTime.Format(receipt.ReadAt), ChatTime.Format(receipt.ReadAt)))]),
            RestJson.Wire.ReadAnswer);
    }

    private async Task ReceiptsAsync(RestCall call)
    {
        var messageId = call.PathId("message_id");
        var user = await call.UserAsync();

        IReadOnlyList<ReadReceipt> receipts;
        try
        {
            receipts = await store.ReceiptsAsync(user.UserId, messageId, call.Aborted);
        }
        catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.NotFound)
        {
            throw RestException.MessageNotFound(refusal);
        }
        catch (ChatException refusal) when (refusal.Code is ChatErrorCodes.Forbidden)
        {
            throw RestException.CannotAccessThread();
        }

        await call.AnswerAsync(
            new ReceiptsAnswer(
                messageId,
                [.. receipts.Select(receipt => new RestReceipt(receipt.UserId, receipt.UserName, receipt.UserEmail, RestTime.Format(receipt.ReadAt)))],
                receipts.Count),
            RestJson.Wire.ReceiptsAnswer);
    }
}
