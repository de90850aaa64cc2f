using System.Globalization;
using System.Text.Json.Nodes;

namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>Rows as the routes show them.</summary>
/// <param name="data">The tables.</param>
/// <param name="withAdditions">Show also what only our plugin has.</param>
internal sealed class SiteJson(SiteData data, bool withAdditions)
{
    public JsonObject Message(SiteMessage message)
    {
        var sender = data.Users.GetValueOrDefault(message.SenderId);
        var json = new JsonObject
        {
            ["id"] = message.Id,
            ["thread_id"] = message.ThreadId,
            ["sender_id"] = message.SenderId,
            ["sender_name"] = sender?.Name ?? "",
            ["sender_email"] = sender?.Email ?? "",
            ["content"] = message.Content,
            ["content_type"] = message.ContentType,
            ["status"] = message.Status,
            ["created_at"] = data.Local(message.CreatedAt),
            ["updated_at"] = data.Local(message.UpdatedAt),
            ["attachments"] = List(message.Attachments, Attachment),
        };
        if (!withAdditions)
            return json;
        json["created_at_gmt"] = Gmt(message.CreatedAt);
        json["updated_at_gmt"] = Gmt(message.UpdatedAt);
        json["edited_at_gmt"] = message.EditedAt is { } edited ? Gmt(edited) : null;
        json["deleted_at_gmt"] = message.DeletedAt is { } deleted ? Gmt(deleted) : null;
        json["client_id"] = message.ClientId;
        json["reactions"] = List(
            message.Reactions.GroupBy(r => r.Emoji, StringComparer.Ordinal),
            one => new JsonObject { ["emoji"] = one.Key, ["user_ids"] = new JsonArray([.. one.Select(r => (JsonNode)r.UserId)]) });
        return json;
    }

    public JsonObject Thread(SiteThread thread, long? reader)
    {
        var creator = data.Users.GetValueOrDefault(thread.CreatedBy);
        var last = data.MessagesOf(thread.Id).LastOrDefault();
        var lastJson = new JsonObject
        {
            ["content"] = last?.Content ?? "",
            ["created_at"] = last is null ? "" : data.Local(last.CreatedAt),
            ["sender_id"] = last?.SenderId,
            ["sender_name"] = last is null ? "" : data.Users.GetValueOrDefault(last.SenderId)?.Name ?? "",
        };
        var json = new JsonObject
        {
            ["id"] = thread.Id,
            ["type"] = thread.Type,
            ["title"] = thread.Title,
            ["created_by"] = thread.CreatedBy,
            ["created_by_name"] = creator?.Name ?? "",
            ["created_by_email"] = creator?.Email ?? "",
            ["created_at"] = data.Local(thread.CreatedAt),
            ["updated_at"] = data.Local(thread.UpdatedAt),
            ["participants"] = List(thread.Participants.Where(data.Users.ContainsKey).Select(id => data.Users[id]), Participant),
            ["last_message"] = lastJson,
            ["unread_count"] = reader is { } user ? data.Unread(thread.Id, user) : 0,
        };
        if (withAdditions)
        {
            json["created_at_gmt"] = Gmt(thread.CreatedAt);
            json["updated_at_gmt"] = Gmt(thread.UpdatedAt);
            if (last is not null)
                json["last_message"] = Message(last);
        }

        return json;
    }

    public static JsonObject Participant(SiteUser user) => new() { ["user_id"] = user.Id, ["display_name"] = user.Name, ["email"] = user.Email };

    public JsonObject Attachment(SiteAttachment attachment)
    {
        var json = new JsonObject
        {
            ["id"] = attachment.Id,
            ["filename"] = attachment.Filename,
            ["url"] = string.Create(CultureInfo.InvariantCulture, $"http://site.example/wp-json/chatpulse-chat/v1/attachments/{attachment.Id}"),
            ["mime_type"] = attachment.MimeType,
            ["size"] = attachment.Content.Length,
            ["created_at"] = data.Local(attachment.CreatedAt),
        };
        if (withAdditions)
            json["created_at_gmt"] = Gmt(attachment.CreatedAt);
        return json;
    }

    public JsonObject Receipts(SiteMessage message)
    {
        var list = List(message.Receipts, receipt =>
        {
            var user = data.Users.GetValueOrDefault(receipt.UserId);
            var json = new JsonObject
            {
                ["user_id"] = receipt.UserId,
                ["user_name"] = user?.Name ?? "",
                ["user_email"] = user?.Email ?? "",
                ["read_at"] = receipt.ReadAt is { } read ? data.Local(read) : null,
            };
            if (withAdditions)
                json["read_at_gmt"] = receipt.ReadAt is { } at ? Gmt(at) : null;
            return json;
        });
        return new JsonObject { ["message_id"] = message.Id, ["read_receipts"] = list, ["read_count"] = list.Count };
    }

    public static JsonObject User(SiteUser user) => new()
    {
        ["id"] = user.Id,
        ["name"] = user.Name,
        ["username"] = user.Login,
        ["avatar_url"] = "http://site.example/avatar.png",
        ["roles"] = new JsonArray(user.Role),
        ["capabilities"] = user.IsAdministrator ? new JsonArray("manage_options", "read") : new JsonArray("read", "level_0", "subscriber"),
        ["last_active"] = "",
        ["is_online"] = false,
    };

    public static JsonArray List<T>(IEnumerable<T> items, Func<T, JsonNode> show) => new([.. items.Select(show)]);

    public static string Gmt(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
