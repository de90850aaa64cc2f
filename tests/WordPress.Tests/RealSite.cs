using System.Diagnostics;
using System.Reflection;
using System.Text.Json.Nodes;
using Xunit.Sdk;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(WordPress.Tests.RealSite))]
// One site for all, which every test finds empty.
[assembly: Parallelization(Mode = ParallelMode.None)]

namespace WordPress.Tests;

/// <summary>
/// A real WordPress with MariaDB, PHP and nginx, and this repository's plugin: the one of <c>CHATPULSE_TEST_SITE</c>, a folder of <c>site.sh start</c>
/// whose threads and users the tests may delete, or one of its own that is gone afterwards.
/// </summary>
public sealed class RealSite : IAsyncLifetime
{
    // More than a busy machine needs for anything.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly SemaphoreSlim _asking = new(1);
    private readonly Dictionary<string, string> _settings = new(StringComparer.Ordinal);
    private string? _own;
    private Process? _php;

    /// <summary>The repository's folder.</summary>
    public static string Repository { get; } =
        typeof(RealSite).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == "RepositoryRoot").Value!;

    /// <summary>The site's folder.</summary>
    public string Folder { get; private set; } = "";

    /// <summary>For <c>WP_BASE_URL</c>.</summary>
    public Uri BaseUrl => new(Setting("WP_BASE_URL"));

    public string ApiKey => Setting("WP_API_KEY");

    private static string Script => Path.Combine(Repository, "scripts", "wordpress", "site.sh");

    public string Setting(string name) => _settings[name];

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("CHATPULSE_TEST_SITE") is { Length: > 0 } running)
        {
            Folder = running;
        }
        else
        {
            _own = Folder = Directory.CreateTempSubdirectory("chatpulse-site-").FullName;
            await RunAsync("start", Folder, "--parent", Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        foreach (var line in await File.ReadAllLinesAsync(Path.Combine(Folder, "site.env")))
        {
            var parts = line.Split('=', 2);
            _settings[parts[0]] = parts[1].Trim('\'');
        }

        _php = Start(redirectInput: true, "php", Folder, Path.Combine(Repository, "tests", "WordPress", "arrange.php"));
    }

    /// <summary>Empties the chat.</summary>
    public async Task ForgetEverythingAsync() => await AskAsync(new JsonObject { ["do"] = "forget" });

    /// <summary>Makes a user and answers the id.</summary>
    public async Task<long> AddUserAsync(string name) => (long)(await AskAsync(new JsonObject { ["do"] = "add", ["name"] = name }))["id"]!;

    /// <summary>Gives a user another name.</summary>
    public async Task RenameUserAsync(long userId, string name) => await AskAsync(new JsonObject { ["do"] = "rename", ["id"] = userId, ["name"] = name });

    public async ValueTask DisposeAsync()
    {
        if (_php is { } php)
        {
            php.StandardInput.Close();
            await php.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
            php.Dispose();
        }

        if (_own is { } own)
        {
            await RunAsync("stop", own);
            Directory.Delete(own, recursive: true);
        }

        _asking.Dispose();
    }

    /// <summary>Runs <c>site.sh</c> to its end.</summary>
    public static async Task RunAsync(params string[] arguments)
    {
        using var process = Start(redirectInput: false, arguments);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"site.sh {string.Join(' ', arguments)} failed: {await errors} {await output}");
    }

    private static Process Start(bool redirectInput, params string[] arguments)
    {
        var start = new ProcessStartInfo(Script, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = redirectInput,
            RedirectStandardOutput = true,
            RedirectStandardError = !redirectInput,
        };
        return Process.Start(start)!;
    }

    private async Task<JsonNode> AskAsync(JsonObject ask)
    {
        var cancel = TestContext.Current.CancellationToken;
        await _asking.WaitAsync(cancel);
        try
        {
            await _php!.StandardInput.WriteLineAsync(ask.ToJsonString().AsMemory(), cancel);
            await _php.StandardInput.FlushAsync(cancel);
            var line = await _php.StandardOutput.ReadLineAsync(cancel).AsTask().WaitAsync(Patience, cancel);
            if (line is null || JsonNode.Parse(line) is not { } answer || answer["error"] is not null)
                throw new InvalidOperationException($"The site did not {ask["do"]}: {line ?? "its PHP has ended"}");
            return answer;
        }
        finally
        {
            _asking.Release();
        }
    }
}
