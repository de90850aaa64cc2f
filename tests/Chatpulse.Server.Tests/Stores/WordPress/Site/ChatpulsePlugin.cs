using System.Globalization;
using System.Text.Json.Nodes;

namespace Chatpulse.Server.Tests.Stores.WordPress.Site;

/// <summary>Our plugin, as <c>docs/wordpress-api.md</c> describes it.</summary>
internal sealed class ChatpulsePlugin : SiteRoutes
{
    private readonly SiteJson _json;
    private readonly ChatpulseOperations _operations;

    public ChatpulsePlugin(SiteData data, string apiKey)
        : base(data, apiKey)
    {
        _json = new SiteJson(data, withAdditions: true);
        _operations = new ChatpulseOperations(data, _json);
        Add("POST", Namespace + "/batch", Batch);
        Add("GET", Namespace + "/threads", call => Threads(call, Somebody(call)));
        Add("POST", Namespace + "/threads", CreateThread);
        Add("GET", $"{Namespace}/threads/{ThreadIdPattern}/messages", Messages);
        Add("POST", $"{Namespace}/threads/{ThreadIdPattern}", Send);
        Add("POST", $"{Namespace}/threads/{ThreadIdPattern}/read", Read);
        Add("GET", $"{Namespace}/threads/{ThreadIdPattern}/participants", Participants);
        Add("POST", $"{Namespace}/threads/{ThreadIdPattern}/participants", AddParticipants);
        Add("DELETE", $@"{Namespace}/threads/{ThreadIdPattern}/participants/(?P<user>\d+)", RemoveParticipant);
        Add("GET", $"{Namespace}/messages/{MessageIdPattern}/receipts", Receipts);
        Add("PATCH", $"{Namespace}/messages/{MessageIdPattern}", call => Change(call, user => _operations.Edit(user, call.MessageId, null, call.Request)));
        Add("DELETE", $"{Namespace}/messages/{MessageIdPattern}", call => Change(call, user => _operations.Delete(user, call.MessageId, null)));
        Add("POST", $"{Namespace}/messages/{MessageIdPattern}/reactions", call => Change(call, user => _operations.React(user, call.MessageId, null, call.Request)));
        Add("GET", Namespace + "/users", Users);
        Add("GET", Namespace + @"/users/(?P<id>\d+)/threads", call => Threads(call, OneselfOrKey(call)));
        Add("GET", Namespace + @"/users/(?P<id>\d+)/contacts", Contacts);
        Add("POST", Namespace + "/attachments", Upload);
        Add("GET", Namespace + @"/attachments/(?P<id>\d+)", Attachment);
    }

    protected override SiteCaller Caller(SiteCall call)
    {
        if (!HasKey(call))
            return new SiteCaller(call.SignedIn, HasKey: false, IsSignedIn: call.SignedIn is not null);
        var name = call.Request.Headers["X-Chatpulse-User"].ToString();
        if (name.Length == 0)
            return new SiteCaller(null, HasKey: true, IsSignedIn: false);
        var user = long.TryParse(name, CultureInfo.InvariantCulture, out var id) ? User(id) : null;
        return new SiteCaller(user ?? throw new SiteRefusal(403, "rest_cannot_chat", "Sorry, this user is not allowed to use the chat."), HasKey: true, IsSignedIn: false);
    }

    private SiteAnswer Batch(SiteCall call)
    {
        call.Request.Require("operations").Check("operations", list => list is JsonArray { Count: <= 200 }).ThrowIfInvalid();
        if (!HasKey(call))
            throw SiteRefusal.NotSignedIn;
        var results = new JsonArray();
        foreach (var operation in call.Request.Value("operations")!.AsArray())
        {
            var result = new JsonObject();
            try
            {
                (var status, result["body"]) = _operations.CarryOut(operation as JsonObject ?? throw SiteRefusal.Invalid("operations"));
                result["status"] = status;
            }
            catch (SiteRefusal refusal)
            {
                result["status"] = refusal.Status;
                result["body"] = refusal.Body;
            }

            if (operation?["client_id"] is { } clientId)
                result["client_id"] = clientId.DeepClone();
            results.Add(result);
        }

        return SiteAnswer.Ok(new JsonObject { ["results"] = results });
    }

    private SiteUser Member(SiteCall call)
    {
        var user = Somebody(call);
        return Data.IsParticipant(call.ThreadId, user.Id) ? user : throw SiteRefusal.NoAccess;
    }

    private SiteUser OneselfOrKey(SiteCall call)
    {
        var caller = Caller(call);
        var asked = User(call.Request.Integer("id")) ?? throw new SiteRefusal(404, "rest_user_invalid_id", "Invalid user ID.");
        return (caller.HasKey && caller.User is null) || caller.User == asked ? asked
            : caller.User is null ? throw SiteRefusal.NotSignedIn
            : throw new SiteRefusal(403, "rest_forbidden", "Sorry, you are not allowed to do that.");
    }

    private SiteAnswer Threads(SiteCall call, SiteUser user)
    {
        call.Request.CheckInteger("page", 1).CheckInteger("per_page", 1, 100).ThrowIfInvalid();
        var search = call.Request.Text("search") ?? "";
        SiteThread[] found =
        [
            .. Data.Threads.Values
                .Where(t => t.Participants.Contains(user.Id))
                .Where(t => search.Length == 0 || Contains(t.Title ?? "") || t.Participants.Any(id => id != user.Id && Contains(Data.Users[id].Name)))
                .OrderByDescending(t => t.UpdatedAt).ThenByDescending(t => t.Id),
        ];
        var (page, perPage) = (call.Request.Integer("page") ?? 1, call.Request.Integer("per_page", 20));
        return SiteAnswer.Ok(new JsonObject
        {
            ["threads"] = SiteJson.List(found.Skip((int)Math.Min(int.MaxValue, (page - 1) * perPage)).Take(perPage), t => _json.Thread(t, user.Id)),
            ["pagination"] = new JsonObject
            {
                ["page"] = page, ["per_page"] = perPage, ["total"] = found.Length, ["total_pages"] = (found.Length + perPage - 1) / perPage,
            },
        });

        bool Contains(string text) => text.Contains(ContentFilter.Title(search), StringComparison.OrdinalIgnoreCase) || text.Contains(search, StringComparison.OrdinalIgnoreCase);
    }

    private SiteAnswer CreateThread(SiteCall call)
    {
        var request = call.Request;
        request.Require("type")
            .Check("type", type => type.ToString() is "private" or "group")
            .Check("title", title => title.ToString().EnumerateRunes().Count() <= 255)
            .CheckList("participants")
            .ThrowIfInvalid();
        var user = Somebody(call);
        if (!request.Has("participants"))
            throw new SiteRefusal(400, "invalid_participants", "Participants must be provided as an array of user IDs.");
        long[] others = [.. request.Ids("participants").Distinct().Where(id => id != user.Id)];
        var isPrivate = request.Text("type") == "private";
        if (isPrivate && others.Length != 1)
            throw new SiteRefusal(400, "invalid_participants_count", "Private chats must have exactly one other participant.");
        if (others.FirstOrDefault(id => User(id) is null) is var unknown and > 0)
            throw new SiteRefusal(400, "invalid_participant", string.Create(CultureInfo.InvariantCulture, $"Invalid participant ID: {unknown}"));
        if (isPrivate && Data.Threads.Values.FirstOrDefault(t => t.Type == "private" && t.Participants.Count == 2
            && t.Participants.Contains(user.Id) && t.Participants.Contains(others[0])) is { } existing)
        {
            return SiteAnswer.Ok(new JsonObject { ["thread"] = _json.Thread(existing, user.Id), ["message"] = "Thread already exists." });
        }

        var title = request.Text("title") is { } given ? ContentFilter.Title(given) : null;
        var thread = Data.AddThread(isPrivate ? "private" : "group", title, user.Id, others);
        var json = _json.Thread(thread, user.Id);
        return SiteAnswer.Created(
            new JsonObject { ["thread"] = json.DeepClone(), ["message"] = "Thread created successfully." },
            News("thread-created", "thread_created", new JsonObject { ["thread"] = json, ["participantIds"] = Ids(thread.Participants) }));
    }

    private SiteAnswer Messages(SiteCall call)
    {
        call.Request.CheckInteger("thread_id", 1)
            .Check("before", before => before.ToString().Length == 0 || Data.FromLocal(before.ToString()) is not null)
            .CheckInteger("before_id", 1)
            .CheckInteger("after_id", 0)
            .CheckInteger("limit", 1, 100);
        if (call.Request.Has("before_id"))
            call.Request.Check("after_id", _ => false);
        call.Request.ThrowIfInvalid();
        _ = Member(call);
        var limit = call.Request.Integer("limit", 50);
        var all = Data.MessagesOf(call.ThreadId);
        SiteMessage[] found;
        if (call.Request.Integer("after_id") is { } after)
        {
            found = [.. all.Where(m => m.Id > after).Take(limit + 1)];
            return Page(found.Take(limit), found.Length > limit);
        }

        var beforeId = call.Request.Integer("before_id") ?? long.MaxValue;
        var beforeTime = call.Request.Text("before") is { Length: > 0 } text ? Data.FromLocal(text) : null;
        found = [.. all.Where(m => m.Id < beforeId && (beforeTime is null || m.CreatedAt < beforeTime)).TakeLast(limit + 1)];
        return Page(found.TakeLast(limit), found.Length > limit);

        SiteAnswer Page(IEnumerable<SiteMessage> messages, bool hasMore) =>
            SiteAnswer.Ok(new JsonObject { ["messages"] = SiteJson.List(messages, _json.Message), ["has_more"] = hasMore });
    }

    private SiteAnswer Send(SiteCall call)
    {
        ChatpulseOperations.CheckMessage(call.Request);
        var caller = Caller(call);
        var sender = caller.User ?? (caller.HasKey ? User(call.Request.Integer("sender_id")) : null) ?? throw SiteRefusal.NotSignedIn;
        var (message, alreadyStored) = _operations.Send(sender, call.ThreadId, call.Request);
        var json = _json.Message(message);
        var body = new JsonObject { ["message"] = json.DeepClone(), ["success"] = true, ["already_stored"] = alreadyStored };
        return alreadyStored ? SiteAnswer.Ok(body) : SiteAnswer.Created(
            body,
            News("message", "message_sent", new JsonObject { ["message"] = json, ["threadId"] = call.ThreadId, ["senderId"] = sender.Id }));
    }

    private SiteAnswer Read(SiteCall call)
    {
        call.Request.CheckInteger("message_id", 1).CheckList("message_ids").ThrowIfInvalid();
        var user = Member(call);
        IReadOnlyList<long>? asked = call.Request.Has("message_ids") ? call.Request.Ids("message_ids")
            : call.Request.Integer("message_id") is { } one ? [one]
            : null;
        var (receipts, _) = _operations.MarkRead(user, call.ThreadId, asked);
        var body = new JsonObject
        {
            ["success"] = true,
            ["marked_count"] = receipts.Count,
            ["receipts"] = SiteJson.List(receipts, m => new JsonObject { ["message_id"] = m.Id, ["read_at_gmt"] = SiteJson.Gmt(Data.Now) }),
        };
        var webhook = receipts.Count == 0 ? null : News("read-receipt", "messages_read", new JsonObject
        {
            ["userId"] = user.Id, ["threadId"] = call.ThreadId, ["messageIds"] = Ids(receipts.Select(m => m.Id)),
        });
        return SiteAnswer.Ok(body, webhook);
    }

    private SiteAnswer Participants(SiteCall call)
    {
        var caller = Caller(call);
        if (!Data.Threads.TryGetValue(call.ThreadId, out var thread))
            throw new SiteRefusal(404, "thread_not_found", "Thread not found.");
        if (!(caller.HasKey && caller.User is null))
            _ = Member(call);
        return SiteAnswer.Ok(new JsonObject { ["thread_id"] = thread.Id, ["participants"] = SiteJson.List(thread.Participants.Select(id => Data.Users[id]), Participant) });

        JsonObject Participant(SiteUser user)
        {
            var json = SiteJson.Participant(user);
            json["role"] = user.Id == thread.CreatedBy ? "owner" : "member";
            return json;
        }
    }

    private SiteAnswer AddParticipants(SiteCall call)
    {
        call.Request.Require("user_ids").CheckList("user_ids").ThrowIfInvalid();
        var (thread, user) = GroupOf(call);
        if (user.Id != thread.CreatedBy && !user.IsAdministrator)
            throw new SiteRefusal(403, "rest_cannot_manage_participants", "Sorry, you are not allowed to change who is in this thread.");
        var ids = call.Request.Ids("user_ids");
        if (ids.FirstOrDefault(id => User(id) is null) is var unknown and > 0)
            throw new SiteRefusal(400, "invalid_participant", string.Create(CultureInfo.InvariantCulture, $"Invalid participant ID: {unknown}"));
        long[] added = [.. ids.Except(thread.Participants)];
        thread.Participants.AddRange(added);
        return SiteAnswer.Ok(new JsonObject { ["thread"] = _json.Thread(thread, user.Id) }, added.Length == 0 ? null : Changed(thread, added, []));
    }

    private SiteAnswer RemoveParticipant(SiteCall call)
    {
        call.Request.ThrowIfInvalid();
        var (thread, user) = GroupOf(call);
        var removed = call.Request.Integer("user")!.Value;
        if (removed != user.Id && user.Id != thread.CreatedBy && !user.IsAdministrator)
            throw new SiteRefusal(403, "rest_cannot_manage_participants", "Sorry, you are not allowed to change who is in this thread.");
        if (!thread.Participants.Remove(removed))
            throw new SiteRefusal(404, "participant_not_found", "This user is not in the thread.");
        return SiteAnswer.Ok(
            new JsonObject { ["success"] = true, ["thread_id"] = thread.Id, ["user_id"] = removed }, Changed(thread, [], [removed]));
    }

    private (SiteThread Thread, SiteUser User) GroupOf(SiteCall call)
    {
        var user = Member(call);
        var thread = Data.Threads[call.ThreadId];
        return thread.Type == "group" ? (thread, user)
            : throw new SiteRefusal(400, "invalid_thread_type", "Only groups can change who is in them.");
    }

    private SiteAnswer Receipts(SiteCall call)
    {
        call.Request.CheckInteger("message_id", 1).ThrowIfInvalid();
        var user = Somebody(call);
        var message = Data.Messages.GetValueOrDefault(call.MessageId) ?? throw SiteRefusal.NoMessage;
        return Data.IsParticipant(message.ThreadId, user.Id) ? SiteAnswer.Ok(_json.Receipts(message)) : throw SiteRefusal.NoAccess;
    }

    private SiteAnswer Change(SiteCall call, Func<SiteUser, SiteMessage> change)
    {
        call.Request.CheckInteger("message_id", 1).ThrowIfInvalid();
        var message = change(Somebody(call));
        var deleted = message.DeletedAt is not null;
        var news = new JsonObject { ["message"] = _json.Message(message), ["threadId"] = message.ThreadId };
        if (deleted)
            news["messageId"] = message.Id;
        return SiteAnswer.Ok(
            new JsonObject { ["message"] = _json.Message(message) },
            deleted ? News("message-deleted", "message_deleted", news) : News("message-updated", "message_updated", news));
    }

    private SiteAnswer Users(SiteCall call)
    {
        call.Request.CheckInteger("per_page", 1, 100).ThrowIfInvalid();
        var caller = Caller(call);
        if (caller.User is null && !caller.HasKey)
            throw SiteRefusal.NotSignedIn;
        var (include, exclude, search) = (call.Request.Ids("include"), call.Request.Ids("exclude"), call.Request.Text("search")?.Trim() ?? "");
        return SiteAnswer.Ok(SiteJson.List(
            Data.Users.Values
                .Where(u => (include.Count == 0 || include.Contains(u.Id)) && !exclude.Contains(u.Id))
                .Where(u => u.Name.Contains(search, StringComparison.OrdinalIgnoreCase))
                .OrderBy(u => u.Name, StringComparer.OrdinalIgnoreCase).ThenBy(u => u.Id)
                .Take(call.Request.Integer("per_page", 20)),
            SiteJson.User));
    }

    private SiteAnswer Contacts(SiteCall call)
    {
        var caller = Caller(call);
        var id = call.Request.Integer("id")!.Value;
        if (!(caller.HasKey && caller.User is null) && caller.User?.Id != id)
            throw caller.User is null ? SiteRefusal.NotSignedIn : new SiteRefusal(403, "rest_forbidden", "Sorry, you are not allowed to do that.");
        return SiteAnswer.Ok(new JsonObject
        {
            ["user_ids"] = Ids(Data.Threads.Values.Where(t => t.Participants.Contains(id)).SelectMany(t => t.Participants).Where(other => other != id).Distinct()),
        });
    }

    private SiteAnswer Upload(SiteCall call)
    {
        call.Request.ThrowIfInvalid();
        var user = Somebody(call);
        if (call.Request.File is not { } file)
            throw SiteRefusal.Missing(["file"]);
        using var content = new MemoryStream();
        file.CopyTo(content);
        var attachment = Data.AddAttachment(user.Id, file.FileName, file.ContentType, content.ToArray());
        return SiteAnswer.Created(new JsonObject
        {
            ["attachment_id"] = attachment.Id,
            ["url"] = _json.Attachment(attachment)["url"]!.DeepClone(),
            ["filename"] = attachment.Filename,
            ["size"] = attachment.Content.Length,
            ["mime_type"] = attachment.MimeType,
            ["created_at"] = Data.Local(attachment.CreatedAt),
            ["created_at_gmt"] = SiteJson.Gmt(attachment.CreatedAt),
        });
    }

    private SiteAnswer Attachment(SiteCall call)
    {
        call.Request.CheckInteger("id", 1).ThrowIfInvalid();
        var user = Somebody(call);
        var attachment = Data.Attachments.GetValueOrDefault(call.Request.Integer("id")!.Value);
        var seen = attachment is not null && (attachment.UploaderId == user.Id
            || (attachment.MessageId is { } message && Data.IsParticipant(Data.Messages[message].ThreadId, user.Id)));
        return seen ? new SiteAnswer(200, null) { File = attachment } : throw new SiteRefusal(404, "attachment_not_found", "Attachment not found.");
    }

    private static SiteWebhook Changed(SiteThread thread, IEnumerable<long> added, IEnumerable<long> removed) => News(
        "participants-changed",
        "participants_changed",
        new JsonObject { ["threadId"] = thread.Id, ["added"] = Ids(added), ["removed"] = Ids(removed), ["participantIds"] = Ids(thread.Participants) });

    private static SiteWebhook News(string path, string name, JsonObject body)
    {
        body["event"] = name;
        body["deliveryId"] = Guid.NewGuid().ToString();
        return new SiteWebhook("/webhook/" + path, body);
    }

    private static JsonArray Ids(IEnumerable<long> ids) => new([.. ids.Select(id => (JsonNode)id)]);
}
