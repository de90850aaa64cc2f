using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace Chatpulse.Browser;

/// <summary>A real WordPress with the plugin, in a folder that goes when it is disposed.</summary>
public sealed partial class WordPressSite : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("chatpulse-site-").FullName;
    private readonly Dictionary<string, string> settings = new(StringComparer.Ordinal);

    /// <summary>What the site tells of itself, by name: <c>SITE_URL</c>, <c>WP_API_KEY</c>, <c>ALICE_PASSWORD</c>….</summary>
    public string this[string name] => settings[name];

    public async ValueTask InitializeAsync()
    {
        await RunAsync("start", folder, "--parent", Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        foreach (Match line in Setting().Matches(await File.ReadAllTextAsync(Path.Combine(folder, "site.env"))))
            settings[line.Groups["name"].Value] = line.Groups["value"].Value;
    }

    /// <summary>Tells the plugin where the chat server is.</summary>
    public Task UseServerAsync(Uri server) => RunAsync("chat-url", folder, server.GetLeftPart(UriPartial.Authority));

    /// <summary>Runs PHP with WordPress loaded; what it printed.</summary>
    public async Task<string> PhpAsync(string code)
    {
        var file = Path.Combine(folder, "test.php");
        await File.WriteAllTextAsync(file, "<?php\n" + code);
        return await RunAsync("php", folder, file);
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("stop", folder);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Script(), arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        // Read side by side: a full pipe would stop the script.
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"site.sh {string.Join(' ', arguments)} failed: {await errors}{await output}");
    }

    private static string Script()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Chatpulse.slnx")))
            directory = directory.Parent ?? throw new InvalidOperationException("The repository was not found above the tests.");
        return Path.Combine(directory.FullName, "scripts", "wordpress", "site.sh");
    }

    [GeneratedRegex("^(?<name>[A-Z_]+)='(?<value>.*)'$", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Setting();
}
