using System.Text.Json;
using Chatpulse.Server.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chatpulse.Server.Tests.Chat;

/// <summary>The whole server on a free port, with a store of its own in a directory that goes with it.</summary>
public sealed class ChatHost : IAsyncDisposable
{
    private readonly DirectoryInfo _directory;
    private readonly WebApplication _app;

    private ChatHost(DirectoryInfo directory, WebApplication app)
    {
        _directory = directory;
        _app = app;
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Address = new Uri(address);
    }

    public Uri Address { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<ChatHost> StartAsync(Func<ServerSettings, ServerSettings>? change = null, Action<IServiceCollection>? configure = null)
    {
        var directory = Directory.CreateTempSubdirectory("chatpulse-chat-");
        var settings = new ServerSettings { Host = "127.0.0.1", Port = 0, DataDirectory = directory.FullName, LogLevel = LogLevel.Error };
        var app = ChatServer.Build(change?.Invoke(settings) ?? settings, configure);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new ChatHost(directory, app);
    }

    /// <summary>A user's connection.</summary>
    public Task<ChatClient> ConnectAsync(long userId) => ChatClient.ConnectAsync(Address, $$"""{"userId":{{userId}}}""");

    /// <summary>A user's connection that has joined a thread.</summary>
    public async Task<ChatClient> JoinAsync(long userId, long threadId)
    {
        var client = await ConnectAsync(userId);
        (await client.CallAsync("join_thread", new { threadId })).Ok();
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}

internal static class Answers
{
    /// <summary>The answer, which must say that it was done.</summary>
    public static JsonElement Ok(this JsonElement answer) =>
        answer.GetProperty("ok").GetBoolean() ? answer : throw new InvalidOperationException($"Refused: {answer.GetRawText()}");

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static long Number(this JsonElement element, string name) => element.GetProperty(name).GetInt64();
}
