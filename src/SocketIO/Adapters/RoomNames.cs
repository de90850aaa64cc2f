namespace SocketIO.Adapters;

/// <summary>The names of the rooms that one socket is in, each once. The adapter's lock guards every member.</summary>
/// <remarks>Every socket is in its own room, and most are in few more: an array of those takes less than half of what a set does.</remarks>
internal sealed class RoomNames
{
    // Up to so many a search through the array costs no more than hashing the name.
    private const int MostInArray = 16;

    private string[] _few = new string[1];
    private int _count;
    private HashSet<string>? _many;

    internal int Count => _many?.Count ?? _count;

    internal bool Contains(string room) => _many?.Contains(room) ?? Find(room) >= 0;

    internal bool Add(string room)
    {
        if (_many is not null) return _many.Add(room);
        if (Find(room) >= 0) return false;
        if (_count == MostInArray)
        {
            _many = new HashSet<string>(_few, StringComparer.Ordinal) { room };
            _few = [];
            return true;
        }

        if (_count == _few.Length) Array.Resize(ref _few, _count * 2);
        _few[_count++] = room;
        return true;
    }

    internal bool Remove(string room)
    {
        if (_many is not null) return _many.Remove(room);
        var position = Find(room);
        if (position < 0) return false;
        _count--;
        _few.AsSpan(position + 1, _count - position).CopyTo(_few.AsSpan(position));
        _few[_count] = null!;
        return true;
    }

    internal HashSet<string> ToSet() => new(_many ?? (IEnumerable<string>)_few.Take(_count), StringComparer.Ordinal);

    internal string[] ToArray() => _many?.ToArray() ?? _few[.._count];

    private int Find(string room) => Array.IndexOf(_few, room, 0, _count);
}
