using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Stores;
using Chatpulse.Server.Tests.Chat;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chatpulse.Server.Tests;

/// <summary>The whole server on a free port of this machine, with a store of its own that is deleted afterwards.</summary>
public sealed class TestServer : IAsyncDisposable
{
    public const string AuthSecret = "a secret of at least thirty-two bytes, for tests";

    private readonly WebApplication app;
    private readonly List<HttpClient> clients = [];

    private TestServer(WebApplication app, string dataDirectory)
    {
        this.app = app;
        DataDirectory = dataDirectory;
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Address = new Uri(address);
    }

    public string DataDirectory { get; }

    public Uri Address { get; }

    public IServiceProvider Services => app.Services;

    public IChatStore Store => app.Services.GetRequiredService<IChatStore>();

    public static async Task<TestServer> StartAsync(Func<ServerSettings, ServerSettings>? settings = null, Action<IServiceCollection>? configure = null)
    {
        var directory = Directory.CreateTempSubdirectory("chatpulse-test-").FullName;
        var chosen = new ServerSettings { Host = "127.0.0.1", Port = 0, DataDirectory = directory, LogLevel = LogLevel.Critical };
        var built = ChatServer.Build(settings?.Invoke(chosen) ?? chosen, configure);
        await built.StartAsync(TestContext.Current.CancellationToken);
        return new TestServer(built, directory);
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

    /// <summary>An HTTP client of nobody, or with these headers.</summary>
    public HttpClient Client(params (string Name, string Value)[] headers)
    {
        var client = new HttpClient { BaseAddress = Address };
        foreach (var (name, value) in headers)
            client.DefaultRequestHeaders.Add(name, value);
        lock (clients)
            clients.Add(client);
        return client;
    }

    /// <summary>A token as the WordPress plugin mints it.</summary>
    public static string Token(long userId, string name, TimeSpan lifetime)
    {
        var expires = DateTimeOffset.UtcNow.Add(lifetime).ToUnixTimeSeconds();
        var payload = string.Create(CultureInfo.InvariantCulture, $$"""{"sub":"{{userId}}","exp":{{expires}},"iat":{{expires - 3600}},"name":"{{name}}"}""");
        var signed = Base64Url("""{"alg":"HS256","typ":"JWT"}"""u8) + "." + Base64Url(Encoding.UTF8.GetBytes(payload));
        return signed + "." + Base64Url(HMACSHA256.HashData(Encoding.UTF8.GetBytes(AuthSecret), Encoding.ASCII.GetBytes(signed)));

        static string Base64Url(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in clients)
            client.Dispose();
        await app.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
        Directory.Delete(DataDirectory, recursive: true);
    }
}
