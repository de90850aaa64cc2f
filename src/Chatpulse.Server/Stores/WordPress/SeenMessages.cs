using System.Diagnostics.CodeAnalysis;
using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Stores.WordPress;

/// <summary>
/// The messages that went through this server last, for sites that cannot be asked for one: where it belongs, when it was stored as the site writes it, and
/// whether it needs no telling that it was delivered. Holds some 32 MB; the oldest is forgotten first.
/// </summary>
/// <remarks>Threading: anyone calls; the lock guards everything.</remarks>
internal sealed class SeenMessages
{
    /// <summary>UTF-16 units of content that are kept, each message counting at least <see cref="MessageWeight"/>.</summary>
    public const int Capacity = 16 * 1024 * 1024;

    private const int MessageWeight = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, Seen> _seen = [];
    private readonly Queue<long> _order = new();
    private long _weight;
    private long _highestId;

    /// <summary>The highest id seen so far; 0 for none.</summary>
    public long HighestId
    {
        get
        {
            lock (_lock)
                return _highestId;
        }
    }

    /// <summary>Remembers a message, or what is new about it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="siteTime">Its time of storing as the site writes it; null keeps what was known.</param>
    /// <param name="isTold">Whether a webhook brought it, so that the room knows it.</param>
    public void Add(ChatMessage message, string? siteTime, bool isTold = false)
    {
        lock (_lock)
        {
            _highestId = Math.Max(_highestId, message.Id);
            if (_seen.TryGetValue(message.Id, out var known))
            {
                _weight -= known.Weight;
                // A webhook's message may lack what the site's answer has, and an answer knows nothing of what was only told here.
                known.Message = isTold ? known.Message : message;
                known.SiteTime = siteTime ?? known.SiteTime;
                known.IsTold |= isTold;
                _weight += known.Weight;
            }
            else
            {
                var seen = new Seen(message) { SiteTime = siteTime, IsTold = isTold };
                _seen[message.Id] = seen;
                _order.Enqueue(message.Id);
                _weight += seen.Weight;
            }

            while (_weight > Capacity && _order.TryDequeue(out var oldest))
            {
                if (_seen.Remove(oldest, out var forgotten))
                    _weight -= forgotten.Weight;
            }
        }
    }

    /// <summary>Finds a message.</summary>
    public bool TryGet(long messageId, [MaybeNullWhen(false)] out ChatMessage message, out string? siteTime, out bool isTold)
    {
        lock (_lock)
        {
            var found = _seen.TryGetValue(messageId, out var seen);
            (message, siteTime, isTold) = (seen?.Message, seen?.SiteTime, seen?.IsTold ?? false);
            return found;
        }
    }

    /// <summary>A message of others in this thread that was only sent until now becomes delivered, once; null for any other.</summary>
    public ChatMessage? Deliver(long messageId, long threadId, long userId)
    {
        lock (_lock)
        {
            if (!_seen.TryGetValue(messageId, out var seen) || seen.IsDelivered || seen.Message.ThreadId != threadId || seen.Message.SenderId == userId
                || seen.Message.Status is not "sent")
            {
                return null;
            }

            seen.IsDelivered = true;
            return seen.Message with { Status = "delivered" };
        }
    }

    /// <summary>Somebody has read these messages: that they are delivered is no news any more.</summary>
    public void Read(IEnumerable<long> messageIds)
    {
        lock (_lock)
        {
            foreach (var id in messageIds)
            {
                if (_seen.TryGetValue(id, out var seen))
                    seen.IsDelivered = true;
            }
        }
    }

    private sealed class Seen(ChatMessage message)
    {
        public ChatMessage Message { get; set; } = message;

        public string? SiteTime { get; set; }

        public bool IsTold { get; set; }

        public bool IsDelivered { get; set; }

        public int Weight => MessageWeight + Message.Content.Length;
    }
}
