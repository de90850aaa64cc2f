using System.Globalization;

namespace Chatpulse.Server.Chat;

/// <summary>The rooms of the chat and how they are named.</summary>
internal static class ChatRooms
{
    private const string ThreadPrefix = "thread:";

    /// <summary>Every connection that has joined the thread.</summary>
    public static string Thread(long threadId) => string.Create(CultureInfo.InvariantCulture, $"{ThreadPrefix}{threadId}");

    /// <summary>Whether a room is a thread's, and whose.</summary>
    public static bool TryReadThread(string room, out long threadId)
    {
        threadId = 0;
        return room.StartsWith(ThreadPrefix, StringComparison.Ordinal) && ChatIds.TryRead(room.AsSpan(ThreadPrefix.Length), out threadId);
    }

    /// <summary>Every connection of the user.</summary>
    public static string User(long userId) => string.Create(CultureInfo.InvariantCulture, $"user:{userId}");
}
