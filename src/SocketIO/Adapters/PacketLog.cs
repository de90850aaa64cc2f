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

    internal void Add(OutboundMessage message, IReadOnlyList<string> rooms, IReadOnlyList<string> except, DateTimeOffset now)
    {
        _entries.Enqueue(new Entry(message, rooms, except, now));
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

    /// <summary>Whether everything after the offset is still here.</summary>
    internal bool Reaches(string offset) => TryParse(offset, out var place) && place >= Start && place < _next;

    /// <summary>What was for someone in the rooms, after the offset, oldest first; null when some of it may be gone.</summary>
    internal List<OutboundMessage>? MissedSince(string offset, IReadOnlyCollection<string> rooms)
    {
        if (!Reaches(offset) || !TryParse(offset, out var place)) return null;
        List<OutboundMessage> missed = [];
        foreach (var entry in _entries.Skip((int)(place - Start)))
        {
            if ((entry.Rooms.Count == 0 || entry.Rooms.Any(rooms.Contains)) && !entry.Except.Any(rooms.Contains)) missed.Add(entry.Message);
        }

        return missed;
    }

    private bool TryParse(string offset, out long place)
    {
        place = 0;
        return offset.Length > _epoch.Length + 1 && offset.StartsWith(_epoch, StringComparison.Ordinal) && offset[_epoch.Length] == '-'
            && long.TryParse(offset.AsSpan(_epoch.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out place);
    }

    private sealed record Entry(OutboundMessage Message, IReadOnlyList<string> Rooms, IReadOnlyList<string> Except, DateTimeOffset Time);
}
