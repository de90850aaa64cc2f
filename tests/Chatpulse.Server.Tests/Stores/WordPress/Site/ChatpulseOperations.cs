using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>What may stand in a batch of our plugin, each also a route.</summary>
internal sealed class ChatpulseOperations(SiteData data, SiteJson json)
{
    private const int ContentCharacters = 10_000;
    private const int EmojiPerMessage = 50;

    private static SiteRefusal NotTheirs => new(403, "rest_cannot_edit_message", "Sorry, you are not allowed to change this message.");

    /// <summary>Throws what is wrong with a message that somebody wants to send.</summary>
    public static void CheckMessage(SiteRequest request) => request.Require("content")
        .Check("content", IsContent)
        .Check("content_type", type => type.ToString() is "text/plain" or "text/markdown" or "reaction" or "system")
        .CheckList("attachment_ids")
        .Check("client_id", IsClientId)
        .ThrowIfInvalid();

    /// <summary>One operation of a batch, on behalf of its user.</summary>
    public (int Status, JsonNode Body) CarryOut(JsonObject operation)
    {
        var request = SiteRequest.Of(operation);
        request.CheckInteger("user", 1).CheckInteger("thread_id", 1).Require("op").Require("user").Require("thread_id");
        request.CheckList("message_ids").CheckInteger("message_id", 1);
        var op = request.Text("op");
        if (op == "send")
            CheckMessage(request);
        request.ThrowIfInvalid();
        var user = data.Users.GetValueOrDefault(request.Integer("user")!.Value) ?? throw SiteRefusal.NoAccess;
        var thread = request.Integer("thread_id")!.Value;
        var messageId = request.Integer("message_id") ?? 0;
        switch (op)
        {
            case "send":
                var (sent, alreadyStored) = Send(user, thread, request);
                return (alreadyStored ? 200 : 201, new JsonObject { ["message"] = json.Message(sent), ["already_stored"] = alreadyStored });
            case "read":
                var (receipts, readByAll) = MarkRead(user, thread, request.Value("message_ids") is null ? null : request.Ids("message_ids"));
                return (200, new JsonObject
                {
                    ["receipts"] = SiteJson.List(receipts, m => new JsonObject
                    {
                        ["message_id"] = m.Id, ["read_at_gmt"] = SiteJson.Gmt(m.Receipts.Find(r => r.UserId == user.Id)!.ReadAt!.Value),
                    }),
                    ["read_by_all"] = SiteJson.List(readByAll, json.Message),
                });
            case "deliver":
                return (200, new JsonObject { ["messages"] = SiteJson.List(Deliver(user, thread, request.Ids("message_ids")), json.Message) });
            case "edit":
                return Changed(Edit(user, messageId, thread, request));
            case "delete":
                return Changed(Delete(user, messageId, thread));
            case "react":
                return Changed(React(user, messageId, thread, request));
            default:
                throw SiteRefusal.Invalid("op");
        }

        (int Status, JsonNode Body) Changed(SiteMessage message) => (200, new JsonObject { ["message"] = json.Message(message) });
    }

    public (SiteMessage Message, bool AlreadyStored) Send(SiteUser sender, long threadId, SiteRequest request)
    {
        RequireAccess(sender, threadId);
        var clientId = request.Text("client_id");
        if (clientId is not null && data.MessagesOf(threadId).FirstOrDefault(m => m.SenderId == sender.Id && m.ClientId == clientId) is { } stored)
            return (stored, true);
        if (!data.TryCount("message", sender.Id, data.MessagesPerMinute, restarts: false, out var wait))
            throw SiteRefusal.RateLimited(data.MessagesPerMinute, "message", (int)Math.Ceiling(wait.TotalSeconds));
        var content = ContentFilter.Content(request.Text("content")!);
        if (content.Length == 0)
            throw new SiteRefusal(400, "empty_content", "Message content cannot be empty.");
        var ids = request.Ids("attachment_ids");
        SiteAttachment?[] attachments = [.. ids.Select(id => data.Attachments.GetValueOrDefault(id))];
        if (attachments.Any(a => a is null || a.UploaderId != sender.Id || a.MessageId is not null) || ids.Distinct().Count() != ids.Count)
            throw SiteRefusal.Invalid("attachment_ids");
        var message = data.AddMessage(threadId, sender.Id, content, request.Text("content_type") ?? "text/plain", clientId);
        foreach (var attachment in attachments)
        {
            attachment!.MessageId = message.Id;
            message.Attachments.Add(attachment);
        }

        return (message, false);
    }

    /// <summary>The messages whose receipt is new, and those that all others have read now.</summary>
    public (IReadOnlyList<SiteMessage> Receipts, IReadOnlyList<SiteMessage> ReadByAll) MarkRead(SiteUser user, long threadId, IReadOnlyList<long>? asked)
    {
        RequireAccess(user, threadId);
        if (asked is not null && asked.Any(id => data.Messages.GetValueOrDefault(id)?.ThreadId != threadId))
            throw SiteRefusal.NoMessage;
        List<SiteMessage> marked = [];
        foreach (var message in data.MessagesOf(threadId).Where(m => m.SenderId != user.Id && m.DeletedAt is null && (asked is null || asked.Contains(m.Id))))
        {
            var receipt = message.Receipts.Find(r => r.UserId == user.Id);
            if (receipt is null)
                message.Receipts.Add(receipt = new SiteReceipt { UserId = user.Id });
            if (receipt.ReadAt is not null)
                continue;
            receipt.ReadAt = data.Now;
            marked.Add(message);
        }

        var others = data.Threads[threadId].Participants;
        SiteMessage[] readByAll =
        [
            .. marked.Where(m => m.Status != "read" && others.All(id => id == m.SenderId || m.Receipts.Any(r => r.UserId == id && r.ReadAt is not null))),
        ];
        foreach (var message in readByAll)
            message.Status = "read";
        return (marked, readByAll);
    }

    public IReadOnlyList<SiteMessage> Deliver(SiteUser user, long threadId, IReadOnlyList<long> asked)
    {
        RequireAccess(user, threadId);
        SiteMessage[] taken = [.. data.MessagesOf(threadId).Where(m => m.SenderId != user.Id && m.Status == "sent" && m.DeletedAt is null && asked.Contains(m.Id))];
        foreach (var message in taken)
            message.Status = "delivered";
        return taken;
    }

    public SiteMessage Edit(SiteUser user, long messageId, long? threadId, SiteRequest request)
    {
        request.Require("content").Check("content", IsContent).ThrowIfInvalid();
        var message = Find(user, messageId, threadId);
        if (message.SenderId != user.Id)
            throw NotTheirs;
        if (message.DeletedAt is not null)
            throw SiteRefusal.NoMessage;
        var content = ContentFilter.Content(request.Text("content")!);
        if (content.Length == 0)
            throw new SiteRefusal(400, "empty_content", "Message content cannot be empty.");
        var now = data.Now;
        (message.Content, message.EditedAt, message.UpdatedAt) = (content, now, now);
        return message;
    }

    public SiteMessage Delete(SiteUser user, long messageId, long? threadId)
    {
        var message = Find(user, messageId, threadId);
        if (message.SenderId != user.Id && data.Threads[message.ThreadId].CreatedBy != user.Id && !user.IsAdministrator)
            throw NotTheirs;
        if (message.DeletedAt is not null)
            return message;
        var now = data.Now;
        (message.Content, message.DeletedAt, message.UpdatedAt) = ("", now, now);
        foreach (var attachment in message.Attachments)
            data.Attachments.Remove(attachment.Id);
        message.Attachments.Clear();
        message.Reactions.Clear();
        return message;
    }

    public SiteMessage React(SiteUser user, long messageId, long? threadId, SiteRequest request)
    {
        request.Require("emoji").Check("emoji", emoji => emoji.GetValueKind() == JsonValueKind.String && emoji.ToString().Length is >= 1 and <= 64).ThrowIfInvalid();
        var message = Find(user, messageId, threadId);
        if (message.DeletedAt is not null)
            throw SiteRefusal.NoMessage;
        var reaction = (request.Text("emoji")!, user.Id);
        if (request.Flag("remove"))
        {
            message.Reactions.Remove(reaction);
        }
        else if (!message.Reactions.Contains(reaction))
        {
            var others = message.Reactions.Select(r => r.Emoji).Where(e => e != reaction.Item1).Distinct(StringComparer.Ordinal).Count();
            if (others >= EmojiPerMessage)
                throw new SiteRefusal(400, "too_many_reactions", string.Create(CultureInfo.InvariantCulture, $"A message may have at most {EmojiPerMessage} different reactions."));
            message.Reactions.Add(reaction);
        }

        return message;
    }

    private static bool IsContent(JsonNode content) => content.GetValueKind() == JsonValueKind.String
        && content.ToString().Trim().Length > 0 && content.ToString().EnumerateRunes().Count() <= ContentCharacters;

    private static bool IsClientId(JsonNode id) => id.GetValueKind() == JsonValueKind.String && id.ToString().Length is >= 1 and <= 255;

    private void RequireAccess(SiteUser user, long threadId)
    {
        if (!data.IsParticipant(threadId, user.Id))
            throw SiteRefusal.NoAccess;
    }

    private SiteMessage Find(SiteUser user, long messageId, long? threadId)
    {
        if (threadId is { } thread)
            RequireAccess(user, thread);
        var message = data.Messages.GetValueOrDefault(messageId);
        if (message is null || (threadId ?? message.ThreadId) != message.ThreadId)
            throw SiteRefusal.NoMessage;
        RequireAccess(user, message.ThreadId);
        return message;
    }
}
