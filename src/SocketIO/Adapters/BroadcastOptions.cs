namespace SocketIO.Adapters;

/// <summary>Who is meant by a broadcast, and how it is sent.</summary>
public readonly record struct BroadcastOptions
{
    private readonly string[]? _rooms;
    private readonly string[]? _except;
    private readonly bool _doNotCompress;

    /// <summary>Rooms whose sockets are meant; none means every socket of the namespace. A socket in several gets it once.</summary>
    public IReadOnlyList<string> Rooms
    {
        get => _rooms ?? [];
        init => _rooms = value as string[] ?? [.. value];
    }

    /// <summary>Rooms whose sockets are not meant, even when they are in <see cref="Rooms"/>.</summary>
    public IReadOnlyList<string> Except
    {
        get => _except ?? [];
        init => _except = value as string[] ?? [.. value];
    }

    /// <summary>Only the sockets of this server.</summary>
    public bool Local { get; init; }

    /// <summary>Sockets whose transport cannot write at once are left out.</summary>
    public bool Volatile { get; init; }

    /// <summary>Whether the transport may compress. Default true.</summary>
    public bool Compress
    {
        get => !_doNotCompress;
        init => _doNotCompress = !value;
    }

    /// <summary>How long answers are waited for; null for <see cref="SocketIOOptions.AckTimeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    internal ReadOnlySpan<string> RoomSpan => _rooms;

    internal ReadOnlySpan<string> ExceptSpan => _except;

    internal BroadcastOptions WithRooms(ReadOnlySpan<string> rooms) => this with { Rooms = Joined(RoomSpan, rooms) };

    internal BroadcastOptions WithExcept(ReadOnlySpan<string> rooms) => this with { Except = Joined(ExceptSpan, rooms) };

    private static string[] Joined(ReadOnlySpan<string> given, ReadOnlySpan<string> rooms)
    {
        foreach (var room in rooms) ArgumentNullException.ThrowIfNull(room, nameof(rooms));
        return [.. given, .. rooms];
    }
}
