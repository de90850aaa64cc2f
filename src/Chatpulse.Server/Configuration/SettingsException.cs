namespace Chatpulse.Server.Configuration;

/// <summary>The server cannot start with these settings.</summary>
public sealed class SettingsException(IReadOnlyList<string> problems) : Exception(string.Join(Environment.NewLine, problems))
{
    /// <summary>Everything that is wrong, one setting an item, each saying what would be right.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}
