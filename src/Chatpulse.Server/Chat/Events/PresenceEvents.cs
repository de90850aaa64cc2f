using Chatpulse.Server.Presence;
using Chatpulse.Server.Stores;

namespace Chatpulse.Server.Chat.Events;

/// <summary><c>presence:update</c> and <c>presence:request</c>.</summary>
internal sealed class PresenceEvents(IChatStore store, PresenceTracker presence, PresenceAnnouncer announcer) : IEventFamily
{
    private const int MaxAsked = 1_000;

    /// <inheritdoc />
    public IEnumerable<KeyValuePair<string, Func<ChatRequest, ValueTask>>> Handlers =>
    [
        new("presence:update", UpdateAsync),
        new("presence:request", AnswerAsync),
    ];

    private ValueTask UpdateAsync(ChatRequest request)
    {
        var status = PresenceStatusText.FromWire(request.Payload.Text("status"))
            ?? throw new ChatException(ChatErrorCodes.Invalid, "status must be online, away or offline.");
        if (presence.SetStatus(request.UserId, status))
            announcer.Announce(request.UserId);
        request.Ack.Send(new Wire.Done());
        return ValueTask.CompletedTask;
    }

    private async ValueTask AnswerAsync(ChatRequest request)
    {
        var asked = request.Payload.Ids("user_ids", 0, MaxAsked);
        // Strangers stay unknown: only those who share a thread with the asker, and the asker.
        HashSet<long> visible = [.. await store.ContactsAsync(request.UserId, CancellationToken.None), request.UserId];
        Wire.UserPresence[] known = [.. asked.Where(visible.Contains).Select(presence.Find).OfType<UserPresence>().Select(PresenceAnnouncer.ToWire)];
        request.Socket.Emit<IReadOnlyList<Wire.UserPresence>>("presence:bulk", known);
        request.Ack.Send(new Wire.PresenceAnswer(known));
    }
}
