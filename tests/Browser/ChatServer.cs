using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Chatpulse.Browser;

/// <summary>The real server as a process of its own, on a free port, with its data in a folder that goes when it is disposed.</summary>
public sealed class ChatServer : IAsyncLifetime
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private readonly string folder = Directory.CreateTempSubdirectory("chatpulse-browser-").FullName;
    private readonly StringBuilder output = new();
    private readonly HttpClient http = new();
    private readonly int port = FreePort();
    private Process? process;

    /// <summary>Settings beside port and folder; to be added before the start.</summary>
    public IDictionary<string, string> Settings { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public Uri Url => new($"http://127.0.0.1:{port}/");

    public async ValueTask InitializeAsync() => await StartAsync();

    /// <summary>Starts it and waits until it answers.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Chatpulse.Server.dll")])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["PORT"] = port.ToString(CultureInfo.InvariantCulture);
        start.Environment["DATA_DIR"] = Path.Combine(folder, "data");
        start.Environment["NODE_ENV"] = "development";
        foreach (var (name, value) in Settings)
            start.Environment[name] = value;

        process = Process.Start(start)!;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        var waited = Stopwatch.StartNew();
        while (!await AnswersAsync())
        {
            if (process.HasExited || waited.Elapsed > StartTimeout)
                throw new InvalidOperationException($"The server did not start. It said:{Environment.NewLine}{Output}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Ends it as a crash would.</summary>
    public async Task KillAsync()
    {
        if (process is null)
            return;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
        process = null;
    }

    /// <summary>Has a user write messages through the REST routes.</summary>
    public async Task WriteAsync(int userId, int threadId, IEnumerable<string> contents)
    {
        foreach (var content in contents)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Url, $"wp-json/chatpulse-chat/v1/threads/{threadId}"))
            {
                Content = JsonContent.Create(new { content }),
            };
            request.Headers.Add("X-Chatpulse-User", userId.ToString(CultureInfo.InvariantCulture));
            using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
            if (response.StatusCode != HttpStatusCode.Created)
                throw new InvalidOperationException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (output)
            output.AppendLine(line.Data);
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var response = await http.GetAsync(Url, TestContext.Current.CancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Below the ports that outgoing connections get, so that nobody takes it while the server is away.</summary>
    private static int FreePort()
    {
        for (; ; )
        {
            var candidate = Random.Shared.Next(15_000, 30_000);
            using var listener = new TcpListener(IPAddress.Loopback, candidate);
            try
            {
                listener.Start();
                return candidate;
            }
            catch (SocketException)
            {
                // Somebody else has it: another one.
            }
        }
    }
}
