using System.Buffers;
using System.Globalization;
using dotenv.net;

namespace Chatpulse.Server.Configuration;

/// <summary>Where the values of the settings come from: the environment, and the file <c>.env</c> of the working directory for what is not there.</summary>
internal static class SettingsSource
{
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    /// <summary>Gives the value of a name, null when it is in neither.</summary>
    /// <exception cref="SettingsException">There is a <c>.env</c>, but it cannot be read, or has lines that set nothing.</exception>
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
            var values = DotEnv.Read(new DotEnvOptions(
                ignoreExceptions: false,
                envFilePaths: [path],
                trimValues: true,
                supportExportSyntax: true,
                supportVariableExpansion: false));
            RefuseLinesThatSetNothing(path, values.Values);
            return values;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException or ArgumentException)
        {
            throw new SettingsException([$"{path} cannot be read: {failure.Message}"]);
        }
    }

    // The parser passes over them, and a setting would be lost without a word. The line itself is not shown: it may hold a secret.
    private static void RefuseLinesThatSetNothing(string path, IEnumerable<string> values)
    {
        // A value of several lines may have any line in it.
        if (values.Any(value => value.Contains('\n', StringComparison.Ordinal)))
            return;
        string[] problems =
        [
            .. File.ReadLines(path).Index().Where(line => !IsUsable(line.Item.AsSpan().Trim()))
                .Select(line => string.Create(CultureInfo.InvariantCulture, $"{path}, line {line.Index + 1}: it must be NAME=value, a comment that begins with #, or empty.")),
        ];
        if (problems.Length > 0)
            throw new SettingsException(problems);
    }

    private static bool IsUsable(ReadOnlySpan<char> line)
    {
        const string export = "export ";
        if (line.IsEmpty || line[0] == '#')
            return true;
        if (line.StartsWith(export, StringComparison.Ordinal))
            line = line[export.Length..];
        var equals = line.IndexOf('=');
        return equals > 0 && !line[..equals].Trim().ContainsAnyExcept(NameCharacters);
    }
}
