using System.Collections.Concurrent;
using System.Globalization;
using Chatpulse.Server.Chat;
using Chatpulse.Server.Identity;

namespace Chatpulse.Server.Tests.Identity;

/// <summary>A site that knows who is signed in, by the session token in the cookie; nonces are good unless they are <c>bad</c>.</summary>
internal sealed class TestLogin : IWordPressLogin
{
    private readonly ConcurrentDictionary<string, long> _sessions = new(StringComparer.Ordinal);
    private int _calls;

    /// <summary>How often it was asked.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>What it was shown last.</summary>
    public WordPressCredentials? LastShown { get; private set; }

    /// <summary>Whether the site does not answer.</summary>
    public bool IsDown { get; set; }

    /// <summary>Answers wait for it.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Signs a user in and gives the cookie.</summary>
    public string SignIn(long userId, string session = "session", DateTimeOffset? expires = null)
    {
        _sessions[session] = userId;
        var seconds = (expires ?? DateTimeOffset.UtcNow.AddYears(10)).ToUnixTimeSeconds();
        return string.Create(CultureInfo.InvariantCulture, $"wordpress_logged_in_0123abcd=user{userId}%7C{seconds}%7C{session}%7Csignature");
    }

    /// <summary>Ends a session, as WordPress does when its user signs out there.</summary>
    public void SignOut(string session) => _sessions.TryRemove(session, out _);

    public async ValueTask<UserIdentity> ProveAsync(WordPressCredentials credentials, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        LastShown = credentials;
        await Gate;
        if (IsDown)
            throw new ChatException(ChatErrorCodes.Unavailable, "The site is down.");
        var session = Uri.UnescapeDataString(credentials.Cookie).Split('|')[2];
        return credentials.Nonce is not "bad" && _sessions.TryGetValue(session, out var userId)
            ? new UserIdentity(userId, $"User {userId}", ExpiresAt: null)
            : throw new ChatException(ChatErrorCodes.Unauthenticated, "Authentication failed: not signed in.");
    }
}
