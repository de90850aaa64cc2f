namespace Chatpulse.Server.Chat;

/// <summary>The types of threads.</summary>
public static class ThreadTypes
{
    /// <summary>Between two people; the same two have one.</summary>
    public const string Private = "private";

    /// <summary>Between any number.</summary>
    public const string Group = "group";
}
