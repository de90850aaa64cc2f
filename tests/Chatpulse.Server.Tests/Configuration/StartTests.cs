using System.Diagnostics;
using Shouldly;

namespace Chatpulse.Server.Tests.Configuration;

/// <summary>The program as the operating system starts it, when it cannot start.</summary>
public sealed class StartTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chatpulse-start-");

    public void Dispose() => _directory.Delete(recursive: true);

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Chatpulse.Server.dll")])
        {
            WorkingDirectory = _directory.FullName,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task Wrong_settings_are_listed_and_nothing_else_is()
    {
        await File.WriteAllTextAsync(
            Path.Combine(_directory.FullName, ".env"), "PORT=http\nLOG_LEVEL=loud\n", TestContext.Current.CancellationToken);
        var (exitCode, _, error) = await RunAsync(("LOG_LEVEL", "debug"), ("SOCKET_PING_TIMEOUT", "never"));

        exitCode.ShouldBe(78);
        var lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(3);
        lines[1].ShouldStartWith("  - PORT is \"http\"");
        lines[2].ShouldStartWith("  - SOCKET_PING_TIMEOUT is \"never\"");
    }

    [Fact]
    public async Task A_data_directory_that_cannot_be_used_is_named_without_a_stack_trace()
    {
        var file = Path.Combine(_directory.FullName, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        var (exitCode, _, error) = await RunAsync(("HOST", "127.0.0.1"), ("PORT", "0"), ("DATA_DIR", file));

        exitCode.ShouldBe(1);
        error.ShouldContain(file);
        error.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_without_a_stack_trace()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;
        var (exitCode, output, error) = await RunAsync(
            ("HOST", "127.0.0.1"),
            ("PORT", port.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("DATA_DIR", Path.Combine(_directory.FullName, "data")));

        exitCode.ShouldBe(1);
        error.ShouldContain($"{port}");
        (output + error).ShouldNotContain("   at ");
    }

    [Fact]
    public async Task An_address_of_another_machine_is_refused_without_a_crash()
    {
        var (exitCode, output, error) = await RunAsync(
            ("HOST", "192.0.2.1"), ("PORT", "0"), ("DATA_DIR", Path.Combine(_directory.FullName, "data")));

        exitCode.ShouldBe(1);
        error.ShouldContain("HOST");
        (output + error).ShouldNotContain("   at ");
    }
}
