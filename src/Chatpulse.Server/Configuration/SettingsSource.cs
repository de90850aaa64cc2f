using dotenv.net;

namespace Chatpulse.Server.Configuration;

/// <summary>Where the values of the settings come from: the environment, and the file <c>.env</c> of the working directory for what is not there.</summary>
internal static class SettingsSource
{
    /// <summary>Gives the value of a name, null when it is in neither.</summary>
    /// <exception cref="SettingsException">There is a <c>.env</c>, but it cannot be read.</exception>
    public static Func<string, string?> Open(string directory)
    {
        var file = ReadFile(Path.Combine(directory, ".env"));
        return name => Environment.GetEnvironmentVariable(name) ?? (file.TryGetValue(name, out var value) ? value : null);
    }

    private static IDictionary<string, string> ReadFile(string path)
    {
        if (!File.Exists(path))
            return new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            // Nothing is expanded: a secret may hold a dollar sign.
            return DotEnv.Read(new DotEnvOptions(
                ignoreExceptions: false,
                envFilePaths: [path],
                trimValues: true,
                supportExportSyntax: true,
                supportVariableExpansion: false));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException or ArgumentException)
        {
            throw new SettingsException([$"{path} cannot be read: {failure.Message}"]);
        }
    }
}
