using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chatpulse.Server.Configuration;
using Chatpulse.Server.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chatpulse.Server.Tests.Rest;

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
        var directory = Directory.CreateTempSubdirectory("chatpulse-rest-").FullName;
        var chosen = new ServerSettings { Port = 0, DataDirectory = directory, LogLevel = LogLevel.Critical };
        var built = ChatServer.Build(settings?.Invoke(chosen) ?? chosen, configure);
        await built.StartAsync(TestContext.Current.CancellationToken);
        return new TestServer(built, directory);
    }

    /// <summary>A client of nobody, or with these headers.</summary>
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

/// <summary>One server in development for all tests of a class. Tests keep apart by using users of their own.</summary>
public sealed class DevelopmentServer : IAsyncLifetime
{
    private TestServer server = null!;
    private long lastUser = 1000;

    public TestServer Server => server;

    public HttpClient Anonymous => server.Client();

    public async ValueTask InitializeAsync() => server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    public long NewUser() => Interlocked.Increment(ref lastUser);

    public HttpClient As(long userId) => server.Client(("X-Chatpulse-User", userId.ToString(CultureInfo.InvariantCulture)));

    public Task<HttpResponseMessage> GetAsync(long userId, string path) =>
        As(userId).GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    public async Task NameAsync(long userId, string name) =>
        await server.Store.EnsureUserAsync(userId, name, TestContext.Current.CancellationToken);

    public async Task<long> PrivateThreadAsync(long one, long other) =>
        (await As(one).PostAsync("/wp-json/chatpulse-chat/v1/threads", string.Create(CultureInfo.InvariantCulture, $$"""{"type":"private","participants":[{{other}}]}"""))
            .JsonAsync(System.Net.HttpStatusCode.Created)).GetProperty("thread").Id();

    public async Task<long> SendAsync(long sender, long thread, string content) =>
        (await As(sender).PostAsync(string.Create(CultureInfo.InvariantCulture, $"/wp-json/chatpulse-chat/v1/threads/{thread}"), $$"""{"content":"{{JsonEncodedText.Encode(content)}}"}""")
            .JsonAsync(System.Net.HttpStatusCode.Created)).GetProperty("message").Id();
}

internal static class JsonPosting
{
    /// <summary>Posts JSON as it is written here, right or wrong.</summary>
    public static async Task<HttpResponseMessage> PostAsync(this HttpClient client, string path, string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        return await client.PostAsync(new Uri(path, UriKind.Relative), body, TestContext.Current.CancellationToken);
    }
}
