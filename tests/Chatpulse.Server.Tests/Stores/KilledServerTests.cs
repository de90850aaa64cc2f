using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Serialization;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Stores.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;

namespace Chatpulse.Server.Tests.Stores;

/// <summary>A server in a process of its own, killed (SIGKILL) while many send: what it answered with 201 is there afterwards.</summary>
public sealed class KilledServerTests : IAsyncLifetime
{
    private const long Thread = 456;
    private const string ListeningAt = "Now listening on: ";

    private readonly string directory = Directory.CreateTempSubdirectory("chatpulse-kill-").FullName;
    private readonly TaskCompletionSource<Uri> address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<string> output = new();
    private readonly Process server = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        server.StartInfo = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Chatpulse.Server.dll")])
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["NODE_ENV"] = "development", ["HOST"] = "127.0.0.1", ["PORT"] = "0", ["DATA_DIR"] = directory, ["LOG_LEVEL"] = "information" },
        };
        server.OutputDataReceived += (_, line) => Read(line.Data);
        server.ErrorDataReceived += (_, line) => Read(line.Data);
        server.Start();
        server.BeginOutputReadLine();
        server.BeginErrorReadLine();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (!server.HasExited)
            server.Kill();
        await server.WaitForExitAsync(CancellationToken.None);
        server.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Fact(Timeout = 120_000)]
    public async Task Nothing_that_was_answered_is_lost_and_nobody_else_enters_while_it_runs()
    {
        using var client = new HttpClient { BaseAddress = await ServerAddressAsync() };
        Should.Throw<StoreOpenException>(Open).Message.ShouldContain("in use by another process");

        var answered = new ConcurrentDictionary<long, string>();
        var senders = Enumerable.Range(1, 8).Select(user => Task.Run(() => SendUntilKilledAsync(client, user, answered), Cancellation)).ToArray();
        while (answered.Count < 100)
            await Task.Delay(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken);
        server.Kill();
        await Task.WhenAll(senders);

        await server.WaitForExitAsync(Cancellation);
        await using var store = Open();
        var kept = new Dictionary<long, string>();
        MessagePage page;
        long last = 0;
        do
        {
            page = await store.HistoryAsync(1, Thread, null, last, StoreLimits.PageSize, Cancellation);
            foreach (var message in page.Messages)
                kept.Add(last = message.Id, message.Content);
        }
        while (page.HasMore);
        foreach (var (id, content) in answered)
            kept.ShouldContainKeyAndValue(id, content);
    }

    private static async Task SendUntilKilledAsync(HttpClient client, int user, ConcurrentDictionary<long, string> answered)
    {
        for (var i = 0; ; i++)
        {
            var content = $"{user}: {i}";
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/wp-json/chatpulse-chat/v1/threads/{Thread}") { Content = JsonContent.Create(new { content }) };
            request.Headers.Add("X-Chatpulse-User", $"{user}");
            Answer? answer;
            try
            {
                using var response = await client.SendAsync(request, Cancellation);
                response.StatusCode.ShouldBe(HttpStatusCode.Created);
                answer = await response.Content.ReadFromJsonAsync<Answer>(Cancellation);
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                return;
            }

            answered[answer!.Message.Id] = content;
        }
    }

    private async Task<Uri> ServerAddressAsync()
    {
        var first = await Task.WhenAny(address.Task, server.WaitForExitAsync(Cancellation));
        first.ShouldBe(address.Task, string.Join('\n', output));
        return await address.Task;
    }

    private SqliteChatStore Open() => SqliteChatStore.Open(new SqliteStoreOptions { DataDirectory = directory }, TimeProvider.System, NullLogger.Instance);

    private void Read(string? line)
    {
        output.Enqueue(line ?? "");
        if (line?.IndexOf(ListeningAt, StringComparison.Ordinal) is { } at and >= 0)
            address.TrySetResult(new Uri(line[(at + ListeningAt.Length)..].Trim()));
    }

    private sealed record Answer([property: JsonPropertyName("message")] AnsweredMessage Message);

    private sealed record AnsweredMessage([property: JsonPropertyName("id")] long Id);
}
