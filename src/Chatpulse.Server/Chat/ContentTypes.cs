using System.Collections.Frozen;

namespace Chatpulse.Server.Chat;

/// <summary>The content types of messages.</summary>
public static class ContentTypes
{
    /// <summary>The default.</summary>
    public const string PlainText = "text/plain";

    /// <summary>Every one that is accepted.</summary>
    public static FrozenSet<string> All { get; } = FrozenSet.Create(StringComparer.Ordinal, PlainText, "text/markdown", "reaction", "system");
}
