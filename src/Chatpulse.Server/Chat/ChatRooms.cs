using System.Globalization;

namespace Chatpulse.Server.Chat;

/// <summary>The rooms of the chat and how they are named.</summary>
internal static class ChatRooms
{
    /// <summary>Every connection that has joined the thread.</summary>
    public static string Thread(long threadId) => string.Create(CultureInfo.InvariantCulture, $"thread:{threadId}");

    /// <summary>Every connection of the user.</summary>
    public static string User(long userId) => string.Create(CultureInfo.InvariantCulture, $"user:{userId}");
}
