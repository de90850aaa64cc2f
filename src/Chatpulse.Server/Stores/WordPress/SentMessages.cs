using System.Net;
using System.Text;
using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// What became of the messages that were sent with a <c>tempId</c> to a site that does not know such names: the message, or that it may be there. And the sends
/// that are under way, which a webhook may settle when their own answer is lost. Holds the last <see cref="Capacity"/> names.
/// </summary>
/// <remarks>
/// Threading: anyone calls; the lock guards everything. Sends of one sender to one thread come one after the other, so at most one is under way in a line.
/// </remarks>
internal sealed class SentMessages
{
    /// <summary>Names that are remembered.</summary>
    public const int Capacity = 50_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(long Sender, long Thread, string TempId), Attempt> _names = [];
    private readonly Queue<((long Sender, long Thread, string TempId) Name, Attempt Attempt)> _order = new();
    private readonly Dictionary<(long Sender, long Thread), UnderWay> _underWay = [];
    private readonly HashSet<long> _claimed = [];

    /// <summary>What became of an earlier send of the same name; null when there was none, or when it certainly failed.</summary>
    public Attempt? Find(NewMessage message)
    {
        lock (_lock)
            return message.TempId is { } tempId ? _names.GetValueOrDefault((message.SenderId, message.ThreadId, tempId)) : null;
    }

    /// <summary>Whether a message is the answer to a send that is remembered.</summary>
    public bool IsClaimed(long messageId)
    {
        lock (_lock)
            return _claimed.Contains(messageId);
    }

    /// <summary>A call that sends the message begins.</summary>
    public void Begin(NewMessage message)
    {
        lock (_lock)
            _underWay[(message.SenderId, message.ThreadId)] = new UnderWay(message.Content);
    }

    /// <summary>A webhook has brought a message: perhaps it is the one that is being sent.</summary>
    public void Arrived(ChatMessage message)
    {
        lock (_lock)
        {
            if (_underWay.TryGetValue((message.SenderId, message.ThreadId), out var underWay) && underWay.Arrived is null
                && IsSame(underWay.Content, message.Content))
            {
                underWay.Arrived = message;
            }
        }
    }

    /// <summary>The call has ended; answers what a webhook brought meanwhile, if anything.</summary>
    public ChatMessage? End(NewMessage message)
    {
        lock (_lock)
            return _underWay.Remove((message.SenderId, message.ThreadId), out var underWay) ? underWay.Arrived : null;
    }

    /// <summary>The message is stored under this id.</summary>
    public void Settle(NewMessage message, long messageId) => Remember(message, new Attempt(messageId, HighestIdBefore: 0, BegunAt: default));

    /// <summary>The message may be stored: the highest id that was seen before it was sent, and when that was, help to find it.</summary>
    public void Doubt(NewMessage message, long highestIdBefore, DateTimeOffset begunAt) => Remember(message, new Attempt(MessageId: null, highestIdBefore, begunAt));

    /// <summary>Whether content that a site has stored may be what was sent: a site drops tags and escapes what could be one.</summary>
    public static bool IsSame(string sent, string stored) => string.Equals(sent, stored, StringComparison.Ordinal) || string.Equals(Plain(sent), Plain(stored), StringComparison.Ordinal);

    private void Remember(NewMessage message, Attempt attempt)
    {
        lock (_lock)
        {
            if (attempt.MessageId is { } id)
                _claimed.Add(id);
            // A send without a name claims its message too, so that it is not taken for another's.
            var name = (message.SenderId, message.ThreadId, message.TempId ?? "");
            if (message.TempId is not null)
                _names[name] = attempt;
            _order.Enqueue((name, attempt));
            while (_order.Count > Capacity)
            {
                var (oldest, forgotten) = _order.Dequeue();
                if (forgotten.MessageId is { } claimed)
                    _claimed.Remove(claimed);
                if (_names.TryGetValue(oldest, out var current) && ReferenceEquals(current, forgotten))
                    _names.Remove(oldest);
            }
        }
    }

    private static string Plain(string content)
    {
        var decoded = WebUtility.HtmlDecode(content);
        var plain = new StringBuilder(decoded.Length);
        for (var i = 0; i < decoded.Length; i++)
        {
            if (IsTag(decoded, i) && decoded.IndexOf('>', i) is var end and > 0)
                i = end;
            else if (!char.IsWhiteSpace(decoded[i]) && !char.IsControl(decoded[i]))
                plain.Append(decoded[i]);
        }

        return plain.ToString();
    }

    private static bool IsTag(string text, int at) =>
        text[at] == '<' && at + 1 < text.Length && (char.IsAsciiLetter(text[at + 1]) || text[at + 1] is '/' or '!' or '?');

    /// <summary>What became of a send.</summary>
    /// <param name="MessageId">The stored message; null when it is not known whether there is one.</param>
    /// <param name="HighestIdBefore">The highest id seen before it was sent.</param>
    /// <param name="BegunAt">When it was sent.</param>
    internal sealed record Attempt(long? MessageId, long HighestIdBefore, DateTimeOffset BegunAt);

    private sealed class UnderWay(string content)
    {
        public string Content { get; } = content;

        public ChatMessage? Arrived { get; set; }
    }
}
