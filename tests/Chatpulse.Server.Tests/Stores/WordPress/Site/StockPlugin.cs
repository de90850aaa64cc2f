using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>The plugin as sites run it today, its faults included.</summary>
internal sealed partial class StockPlugin : SiteRoutes
{
    private const int ContentBytes = 10_000;
    private const int TypingPerMinute = 30;

    private readonly SiteJson _json;

    public StockPlugin(SiteData data, string apiKey)
        : base(data, apiKey)
    {
        _json = new SiteJson(data, withAdditions: false);
        Add("GET", Namespace + "/threads", Threads);
        Add("POST", Namespace + "/threads", CreateThread);
        Add("GET", $"{Namespace}/threads/{ThreadIdPattern}/messages", Messages);
        Add("POST", $"{Namespace}/threads/{ThreadIdPattern}", Send);
        Add("POST", Namespace + "/attachments", Upload);
        Add("POST", $"{Namespace}/threads/{ThreadIdPattern}/typing", SetTyping);
        Add("GET", $"{Namespace}/threads/{ThreadIdPattern}/typing", Typing);
        Add("POST", $"{Namespace}/threads/{ThreadIdPattern}/read", Read);
        Add("GET", $"{Namespace}/messages/{MessageIdPattern}/receipts", Receipts);
        Add("GET", Namespace + "/users", Users);
        Add("GET", Namespace + "/admin/settings", SettingsPage);
        Add("POST", Namespace + "/admin/settings", SettingsPage);
        Add("POST", Namespace + "/admin/api-key/generate", SettingsPage);
        Add("GET", Namespace + "/admin/migrations", SettingsPage);
        Add("POST", Namespace + "/admin/migrations/run", SettingsPage);
        Add("POST", Namespace + "/admin/migrations/rollback", SettingsPage);
    }

    // The key wins over a cookie, is taken from anywhere, and makes the caller user 1.
    protected override SiteCaller Caller(SiteCall call) =>
        HasKey(call) || call.Request.Text("api_key") == ApiKey
            ? new SiteCaller(User(1), HasKey: true, IsSignedIn: false)
            : new SiteCaller(call.SignedIn, HasKey: false, IsSignedIn: call.SignedIn is not null);

    private static void CheckThreadId(SiteCall call) => call.Request.CheckInteger("thread_id", 1);

    private SiteCaller Member(SiteCall call)
    {
        var caller = Caller(call);
        if (caller.User is null)
            throw SiteRefusal.NotSignedIn;
        if (!caller.HasKey && !Data.IsParticipant(call.ThreadId, caller.User.Id))
            throw SiteRefusal.NoAccess;
        return caller;
    }

    private SiteAnswer Threads(SiteCall call)
    {
        call.Request.CheckInteger("page", 1).CheckInteger("per_page", 1, 100).ThrowIfInvalid();
        var user = Somebody(call);
        var search = call.Request.Text("search") ?? "";
        SiteThread[] found =
        [
            .. Data.Threads.Values.Where(t => t.Participants.Contains(user.Id)
                && (search.Length == 0 || (t.Title ?? "").Contains(search, StringComparison.OrdinalIgnoreCase))),
        ];
        var (page, perPage) = (call.Request.Integer("page", 1), call.Request.Integer("per_page", 20));
        return SiteAnswer.Ok(new JsonObject
        {
            ["threads"] = SiteJson.List(found.Skip((int)Math.Min(int.MaxValue, (page - 1L) * perPage)).Take(perPage), t => _json.Thread(t, user.Id)),
            ["pagination"] = new JsonObject
            {
                ["page"] = page, ["per_page"] = perPage, ["total"] = found.Length, ["total_pages"] = (found.Length + perPage - 1) / perPage,
            },
        });
    }

    private SiteAnswer CreateThread(SiteCall call)
    {
        var request = call.Request;
        request.Require("type")
            .Check("type", type => type.ToString() is "private" or "group")
            .Check("title", title => title.ToString().Length <= 255)
            .CheckList("participants")
            .ThrowIfInvalid();
        var user = Somebody(call);
        if (!request.Has("participants"))
            throw new SiteRefusal(400, "invalid_participants", "Participants must be provided as an array of user IDs.");
        var asked = request.Ids("participants");
        var isPrivate = request.Text("type") == "private";
        if (isPrivate && asked.Count < 2)
            throw new SiteRefusal(400, "invalid_participants_count", "Private chats must have exactly one other participant.");
        if (asked.FirstOrDefault(id => User(id) is null) is var unknown and > 0)
            throw new SiteRefusal(400, "invalid_participant", string.Create(CultureInfo.InvariantCulture, $"Invalid participant ID: {unknown}"));
        // Only the first of the participants is looked at: whoever names themselves first gets another thread each time.
        if (isPrivate && Data.Threads.Values.FirstOrDefault(t => t.Type == "private" && t.Participants.Count == 2
            && asked[0] != user.Id && t.Participants.Contains(user.Id) && t.Participants.Contains(asked[0])) is { } existing)
        {
            return SiteAnswer.Ok(new JsonObject { ["thread"] = _json.Thread(existing, user.Id), ["message"] = "Thread already exists." });
        }

        var title = request.Has("title") ? ContentFilter.Title(request.Text("title") ?? "") : null;
        var json = _json.Thread(Data.AddThread(isPrivate ? "private" : "group", title, user.Id, asked), user.Id);
        return SiteAnswer.Created(
            new JsonObject { ["thread"] = json.DeepClone(), ["message"] = "Thread created successfully." },
            new SiteWebhook("/webhook/thread-created", new JsonObject { ["thread"] = json, ["participantIds"] = Unique(asked), ["event"] = "thread_created" }));
    }

    // PHP's array_unique leaves gaps between the keys, and such an array becomes an object.
    private static JsonNode Unique(IReadOnlyList<long> ids)
    {
        var first = ids.Select((id, i) => (id, i)).Where(one => ids.Take(one.i).All(id => id != one.id)).ToArray();
        return first.Length == 0 || first[^1].i == first.Length - 1
            ? new JsonArray([.. first.Select(one => (JsonNode)one.id)])
            : new JsonObject(first.Select(one => KeyValuePair.Create(one.i.ToString(CultureInfo.InvariantCulture), (JsonNode?)one.id)));
    }

    private SiteAnswer Messages(SiteCall call)
    {
        CheckThreadId(call);
        call.Request.Check("before", before => before.ToString().Length == 0 || Data.FromLocal(before.ToString()) is not null)
            .CheckInteger("limit", 1, 100)
            .ThrowIfInvalid();
        var caller = Member(call);
        var before = call.Request.Text("before") is { Length: > 0 } text ? Data.FromLocal(text) : null;
        var limit = call.Request.Integer("limit", 50);
        // By time alone: within a second the order is the table's, and a page that ends inside a second loses the rest of it.
        SiteMessage[] older =
        [
            .. Data.MessagesOf(call.ThreadId).Where(m => before is null || m.CreatedAt < before).OrderByDescending(m => m.CreatedAt).Take(limit + 1),
        ];
        SiteMessage[] page = [.. older.Take(limit).Reverse()];
        var answer = SiteAnswer.Ok(new JsonObject { ["messages"] = SiteJson.List(page, _json.Message), ["has_more"] = older.Length > limit });
        foreach (var message in page.Where(m => m.SenderId != caller.User!.Id && !m.Receipts.Any(r => r.UserId == caller.User.Id)))
        {
            message.Receipts.Add(new SiteReceipt { UserId = caller.User!.Id });
            if (message.Status == "sent")
                message.Status = "delivered";
        }

        return answer;
    }

    private SiteAnswer Send(SiteCall call)
    {
        CheckThreadId(call);
        var request = call.Request.Require("content")
            .Check("content", content => content.GetValueKind() == JsonValueKind.String
                && content.ToString().Trim().Length > 0 && Encoding.UTF8.GetByteCount(content.ToString()) <= ContentBytes)
            .Check("content_type", type => type.ToString() is "text/plain" or "text/markdown" or "reaction" or "system")
            .CheckList("attachment_ids");
        request.ThrowIfInvalid();
        var caller = Member(call);
        // Whoever is not known becomes the owner of the key, and nobody is told.
        var sender = caller.HasKey ? User(request.Integer("sender_id")) ?? caller.User! : caller.User!;
        if (!Data.TryCount("message", sender.Id, Data.MessagesPerMinute, restarts: true, out _))
            throw SiteRefusal.RateLimited(Data.MessagesPerMinute, "message");
        var content = ContentFilter.Content(request.Text("content")!);
        if (content.Length == 0)
            throw new SiteRefusal(400, "empty_content", "Message content cannot be empty.");
        var type = request.Text("content_type") ?? "text/plain";
        if (type == "reaction" && !Reaction().IsMatch(content))
            throw new SiteRefusal(400, "invalid_reaction", "Invalid reaction format.");
        var json = _json.Message(Data.AddMessage(call.ThreadId, sender.Id, content, type));
        return SiteAnswer.Created(
            new JsonObject { ["message"] = json.DeepClone(), ["success"] = true },
            new SiteWebhook(
                "/webhook/message",
                new JsonObject { ["message"] = json, ["threadId"] = call.ThreadId, ["senderId"] = sender.Id, ["event"] = "message_sent" }));
    }

    // A multipart body's file does not count as the parameter, and where it does the table refuses the row: uploads never work.
    private SiteAnswer Upload(SiteCall call)
    {
        call.Request.Require("file").Check("file", _ => call.Request.File is not null).ThrowIfInvalid();
        _ = Somebody(call);
        throw new SiteRefusal(500, "attachment_save_failed", "Failed to save attachment information.");
    }

    private SiteAnswer SetTyping(SiteCall call)
    {
        CheckThreadId(call);
        call.Request.Require("is_typing").Check("is_typing", SiteRequest.IsFlag).ThrowIfInvalid();
        var user = Member(call).User!;
        if (!Data.TryCount("typing", user.Id, TypingPerMinute, restarts: true, out _))
            throw SiteRefusal.RateLimited(TypingPerMinute, "typing");
        var types = call.Request.Flag("is_typing");
        if (types)
            Data.Typing.Add((call.ThreadId, user.Id));
        else
            Data.Typing.Remove((call.ThreadId, user.Id));
        return SiteAnswer.Ok(new JsonObject { ["success"] = true, ["thread_id"] = call.ThreadId, ["is_typing"] = types });
    }

    private SiteAnswer Typing(SiteCall call)
    {
        CheckThreadId(call);
        call.Request.ThrowIfInvalid();
        _ = Member(call);
        var typing = Data.Typing.Where(one => one.ThreadId == call.ThreadId).OrderBy(one => one.UserId);
        return SiteAnswer.Ok(new JsonObject
        {
            ["thread_id"] = call.ThreadId,
            ["typing_users"] = SiteJson.List(typing, one => new JsonObject { ["id"] = one.UserId, ["name"] = Data.Users[one.UserId].Name }),
        });
    }

    private SiteAnswer Read(SiteCall call)
    {
        CheckThreadId(call);
        call.Request.CheckInteger("message_id", 1).ThrowIfInvalid();
        var user = Member(call).User!;
        // One message: any of the site's, one's own too. All: those of the others, told as text.
        SiteMessage[] asked = call.Request.Integer("message_id") is { } id
            ? Data.Messages.TryGetValue(id, out var one) ? [one] : []
            : [.. Data.MessagesOf(call.ThreadId).Where(m => m.SenderId != user.Id)];
        var marked = 0;
        foreach (var message in asked)
        {
            var receipt = message.Receipts.Find(r => r.UserId == user.Id);
            if (receipt is null)
                message.Receipts.Add(receipt = new SiteReceipt { UserId = user.Id });
            if (receipt.ReadAt is not null)
                continue;
            receipt.ReadAt = Data.Now;
            message.Status = "read";
            marked++;
        }

        var asText = !call.Request.Has("message_id");
        var webhook = marked == 0 ? null : new SiteWebhook("/webhook/read-receipt", new JsonObject
        {
            ["userId"] = user.Id,
            ["threadId"] = call.ThreadId,
            ["messageIds"] = SiteJson.List(asked, m => asText ? m.Id.ToString(CultureInfo.InvariantCulture) : m.Id),
            ["event"] = "messages_read",
        });
        return SiteAnswer.Ok(new JsonObject { ["success"] = true, ["marked_count"] = marked }, webhook);
    }

    private SiteAnswer Receipts(SiteCall call)
    {
        call.Request.CheckInteger("message_id", 1).ThrowIfInvalid();
        var user = Somebody(call);
        var message = Data.Messages.GetValueOrDefault(call.MessageId) ?? throw SiteRefusal.NoMessage;
        // Here the key opens nothing: its owner must be in the thread.
        if (!Data.IsParticipant(message.ThreadId, user.Id))
            throw SiteRefusal.NoAccess;
        return SiteAnswer.Ok(_json.Receipts(message));
    }

    // No chat server asks for these: that they are there and closed is all that is shown of them.
    private static SiteAnswer SettingsPage(SiteCall call)
    {
        call.Request.ThrowIfInvalid();
        return call.SignedIn is { IsAdministrator: true } ? SiteAnswer.Ok(new JsonObject())
            : throw new SiteRefusal(call.SignedIn is null ? 401 : 403, "rest_forbidden", "Sorry, you are not allowed to do that.");
    }

    private SiteAnswer Users(SiteCall call)
    {
        call.Request.CheckInteger("per_page", 1, 100).ThrowIfInvalid();
        _ = Somebody(call);
        var (include, exclude, search) = (call.Request.Ids("include"), call.Request.Ids("exclude"), call.Request.Text("search") ?? "");
        return SiteAnswer.Ok(SiteJson.List(
            Data.Users.Values
                .Where(u => (include.Count == 0 || include.Contains(u.Id)) && !exclude.Contains(u.Id))
                .Where(u => search.Length == 0 || Contains(u.Name) || Contains(u.Login) || Contains(u.Email))
                .OrderBy(u => u.Name, StringComparer.OrdinalIgnoreCase)
                .Take(call.Request.Integer("per_page", 20)),
            SiteJson.User));

        bool Contains(string text) => text.Contains(search, StringComparison.OrdinalIgnoreCase);
    }

    // A heart is refused here when it comes as people type it, with the mark that asks for its picture.
    [GeneratedRegex("^[\uD83C-\uD83E][\uDC00-\uDFFF](\uD83C[\uDFFB-\uDFFF])?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Reaction();
}
