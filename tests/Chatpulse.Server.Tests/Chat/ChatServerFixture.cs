namespace Chatpulse.Server.Tests.Chat;

/// <summary>One development server for the tests of a class, which keep apart by users and threads of their own.</summary>
public sealed class ChatServerFixture : IAsyncLifetime
{
    private static long s_lastId = 1_000;

    public TestServer Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    /// <summary>An id that nobody else has: of a user, or of a thread.</summary>
    public static long NewId() => Interlocked.Increment(ref s_lastId);
}
