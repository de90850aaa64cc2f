using System.Globalization;
using System.Text.Json;

namespace Chatpulse.Server.Tests.Rest;

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
