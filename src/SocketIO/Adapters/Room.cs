using SocketIO.Server;

namespace SocketIO.Adapters;

/// <summary>
/// The sockets of one room, in an array that a broadcast may walk without a lock. The adapter's lock guards every member.
/// Appending does not disturb who walks the array up to the count they took; taking out does, and then copies it first
/// when someone may be walking it.
/// </summary>
internal sealed class Room
{
    // Below this many sockets a search through the array costs less than an index of it would hold.
    private const int IndexFrom = 16;

    private Socket?[] _members = new Socket?[1];
    private Dictionary<Socket, int>? _index;
    private bool _shared;

    internal int Count { get; private set; }

    /// <summary>What to walk. Valid for ever; sees nothing of later changes.</summary>
    internal ReadOnlyMemory<Socket?> Snapshot()
    {
        _shared = true;
        return _members.AsMemory(0, Count);
    }

    internal ReadOnlySpan<Socket?> Members => _members.AsSpan(0, Count);

    internal bool Add(Socket socket)
    {
        if (Find(socket) >= 0) return false;
        if (Count == _members.Length)
        {
            Array.Resize(ref _members, Count * 2);
            _shared = false;
        }

        _members[Count] = socket;
        _index?.Add(socket, Count);
        Count++;
        if (_index is null && Count >= IndexFrom)
        {
            _index = new Dictionary<Socket, int>(Count * 2);
            for (var i = 0; i < Count; i++) _index.Add(_members[i]!, i);
        }

        return true;
    }

    internal bool Remove(Socket socket)
    {
        var position = Find(socket);
        if (position < 0) return false;
        var last = Count - 1;
        if (_shared || (_members.Length > IndexFrom && last < _members.Length / 4))
        {
            // With room to spare for one more, so that a join after every broadcast does not copy twice.
            var copy = new Socket?[Math.Max(1, Count)];
            _members.AsSpan(0, Count).CopyTo(copy);
            _members = copy;
            _shared = false;
        }

        var moved = _members[last]!;
        _members[position] = moved;
        _members[last] = null;
        Count = last;
        if (_index is not null)
        {
            _index[moved] = position;
            _index.Remove(socket);
        }

        return true;
    }

    internal bool Contains(Socket socket) => Find(socket) >= 0;

    private int Find(Socket socket)
    {
        if (_index is not null) return _index.GetValueOrDefault(socket, -1);
        return Array.IndexOf(_members, socket, 0, Count);
    }
}
