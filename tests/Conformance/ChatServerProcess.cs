using System.Diagnostics;
using System.Text;

namespace Conformance;

/// <summary>The chat server as a process of its own, on a port that it finds free itself, with an empty data directory.</summary>
public sealed class ChatServerProcess : IAsyncLifetime
{
    private const string ListeningAt = "Now listening on: ";

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("chatpulse-test-").FullName;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _process;

    public Uri Address { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Chatpulse.Server.dll")])
        {
            WorkingDirectory = _folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["HOST"] = "127.0.0.1",
                ["PORT"] = "0",
                ["DATA_DIR"] = Path.Combine(_folder, "data"),
                ["NODE_ENV"] = "development",
                ["LOG_LEVEL"] = "information",
            },
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var ended = _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (await Task.WhenAny(_listening.Task, ended).WaitAsync(StartLimit, TestContext.Current.CancellationToken) == ended)
        {
            lock (_output)
                throw new InvalidOperationException($"The chat server did not start. It printed:\n{_output}");
        }

        Address = await _listening.Task;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
            _process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
            _output.AppendLine(line.Data);
        if (line.Data?.IndexOf(ListeningAt, StringComparison.Ordinal) is { } at and >= 0)
            _listening.TrySetResult(new Uri(line.Data[(at + ListeningAt.Length)..].Trim()));
    }
}
