namespace SocketIO.Adapters;

/// <summary>A room came or went, or a socket joined or left it.</summary>
public sealed class RoomEventArgs(string room, string? socketId) : EventArgs
{
    /// <summary>Name of the room.</summary>
    public string Room { get; } = room;

    /// <summary>Id of the socket that joined or left; null when the room itself came or went.</summary>
    public string? SocketId { get; } = socketId;
}
