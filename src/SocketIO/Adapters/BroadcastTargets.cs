using SocketIO.Server;

namespace SocketIO.Adapters;

/// <summary>
/// The sockets of one broadcast: a room's own array where one room is meant and at most one socket left out, otherwise a list chosen under
/// the adapter's lock into buffers that the thread keeps. Disposing gives the buffers back.
/// </summary>
internal readonly ref struct BroadcastTargets
{
    private readonly ReadOnlySpan<Socket?> _sockets;
    private readonly Socket? _except;
    private readonly Buffers? _buffers;

    internal BroadcastTargets(ReadOnlyMemory<Socket?> sockets, Socket? except) 
    {
        _sockets = sockets.Span;
        _except = except;
    }

    private BroadcastTargets(Buffers buffers)
    {
        _buffers = buffers;
        _sockets = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(buffers.Chosen);
    }

    /// <summary>Walks the sockets, without the one that is left out.</summary>
    public Enumerator GetEnumerator() => new(_sockets, _except);

    /// <summary>Chooses the members of any of the rooms (of all, when none is named) that are in none of the excepted ones, each once.</summary>
    internal static BroadcastTargets Choose(Dictionary<string, Room> rooms, Room all, ReadOnlySpan<string> names, ReadOnlySpan<string> except)
    {
        var buffers = Buffers.Rent();
        var excluded = buffers.Excluded;
        foreach (var name in except)
        {
            if (!rooms.TryGetValue(name, out var room)) continue;
            foreach (var socket in room.Members) excluded.Add(socket!);
        }

        if (names.IsEmpty)
        {
            buffers.Take(all, unique: true);
        }
        else
        {
            foreach (var name in names)
            {
                if (rooms.TryGetValue(name, out var room)) buffers.Take(room, unique: names.Length == 1);
            }
        }

        return new BroadcastTargets(buffers);
    }

    internal void Dispose() => _buffers?.Return();

    internal ref struct Enumerator(ReadOnlySpan<Socket?> sockets, Socket? except)
    {
        private readonly ReadOnlySpan<Socket?> _sockets = sockets;
        private int _index = -1;

        public readonly Socket Current => _sockets[_index]!;

        public bool MoveNext()
        {
            while (++_index < _sockets.Length)
            {
                if (_sockets[_index] is { } socket && socket != except) return true;
            }

            return false;
        }
    }

    private sealed class Buffers
    {
        // One broadcast to a very large room must not make every thread keep that much for ever.
        private const int KeepUpTo = 4096;

        [ThreadStatic]
        private static Buffers? _idle;

        private readonly HashSet<Socket> _seen = [];

        internal List<Socket?> Chosen { get; } = [];

        internal HashSet<Socket> Excluded { get; } = [];

        // Taken out while in use: sending may end in a disconnect handler that broadcasts again on this thread.
        internal static Buffers Rent()
        {
            var buffers = _idle ?? new Buffers();
            _idle = null;
            return buffers;
        }

        internal void Take(Room room, bool unique)
        {
            foreach (var socket in room.Members)
            {
                if (Excluded.Count > 0 && Excluded.Contains(socket!)) continue;
                if (unique || _seen.Add(socket!)) Chosen.Add(socket);
            }
        }

        internal void Return()
        {
            if (Chosen.Capacity > KeepUpTo) return;
            Chosen.Clear();
            Excluded.Clear();
            _seen.Clear();
            _idle = this;
        }
    }
}
