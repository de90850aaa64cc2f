namespace Chatpulse.Server.Identity;

/// <summary>Credentials that the site does not accept.</summary>
public sealed class WordPressRefusedEventArgs(WordPressCredentials credentials) : EventArgs
{
    /// <summary>What it refused.</summary>
    public WordPressCredentials Credentials { get; } = credentials;
}
