using System.Globalization;
using System.Security.Cryptography;
using EngineIO.Transports;

namespace SocketIO.Adapters;

/// <summary>
/// The last packets of one namespace with who they were for, bounded in number, bytes and age. Its owner's lock guards it.
/// An offset names the log and a place in it, so that an offset from before a restart is known to be from another log.
/// </summary>
internal sealed class PacketLog(ConnectionStateRecoveryOptions limits)
{
    private readonly string _epoch = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
    private readonly Queue<Entry> _entries = new();
    private long _next = 1;
    private long _bytes;

    internal int Count => _entries.Count;

    // The place before the oldest entry: who has got as far has missed nothing that is gone.
    private long Start => _next - _entries.Count - 1;

    /// <summary>The offset of the packet that is added next.</summary>
    internal string NextOffset => string.Create(CultureInfo.InvariantCulture, $"{_epoch}-{_next}");

    /// <summary>The place of the last packet.</summary>
    internal long Last => _next - 1;

    /// <param name="message">The packet as it is sent to who has missed it.</param>
    /// <param name="rooms">Who it was for.</param>
    /// <param name="except">Who it was not for.</param>
    /// <param name="asked">Whether it was sent without its offset, because an answer was wanted: clients do not know then how far they are.</param>
    /// <param name="now">The time.</param>
    internal void Add(OutboundMessage message, IReadOnlyList<string> rooms, IReadOnlyList<string> except, bool asked, DateTimeOffset now)
    {
        _entries.Enqueue(new Entry(message, rooms, except, asked, now));
        _next++;
        _bytes += message.Length;
        Prune(now);
    }

    internal void Prune(DateTimeOffset now)
    {
        while (_entries.TryPeek(out var oldest)
            && (_entries.Count > limits.MaxPackets || _bytes > limits.MaxBytes || now - oldest.Time > limits.MaxDisconnectionDuration))
        {
            _entries.Dequeue();
            _bytes -= oldest.Message.Length;
        }
    }

    /// <summary>The place that an offset of this log names; null for any other text.</summary>
    internal long? PlaceOf(string offset) =>
        offset.Length > _epoch.Length + 1 && offset.StartsWith(_epoch, StringComparison.Ordinal) && offset[_epoch.Length] == '-'
        && long.TryParse(offset.AsSpan(_epoch.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var place) && place < _next
            ? place
            : null;

    /// <summary>Whether everything after the place is still here.</summary>
    internal bool Reaches(long place) => place >= Start;

    /// <summary>
    /// What was for someone in the rooms, after the place, oldest first; null when some of it may be gone, or when it may have had one of them: such as
    /// were sent without their offset before <paramref name="sentPlace"/>.
    /// </summary>
    internal List<OutboundMessage>? MissedSince(long place, long sentPlace, IReadOnlyCollection<string> rooms)
    {
        if (!Reaches(place)) return null;
        List<OutboundMessage> missed = [];
        foreach (var entry in _entries.Skip((int)(place - Start)))
        {
            place++;
            if ((entry.Rooms.Count > 0 && !entry.Rooms.Any(rooms.Contains)) || entry.Except.Any(rooms.Contains)) continue;
            if (entry.Asked && place <= sentPlace) return null;
            missed.Add(entry.Message);
        }

        return missed;
    }

    private sealed record Entry(OutboundMessage Message, IReadOnlyList<string> Rooms, IReadOnlyList<string> Except, bool Asked, DateTimeOffset Time);
}
