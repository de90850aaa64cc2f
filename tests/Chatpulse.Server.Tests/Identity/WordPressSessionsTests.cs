using Chatpulse.Server.Identity;
using Shouldly;

namespace Chatpulse.Server.Tests.Identity;

public sealed class WordPressSessionsTests
{
    private readonly WordPressSessions _sessions = new();

    private static WordPressCredentials Login(string nonce) => new("cookie", nonce);

    [Fact]
    public void What_was_shown_last_is_found_whatever_was_removed_before()
    {
        foreach (var name in new[] { "a", "b", "c", "d" })
            _sessions.Set(1, name, Login(name));
        _sessions.Remove(1, "b");
        _sessions.Set(1, "e", Login("e"));
        _sessions.Find(1).ShouldBe(Login("e"));
        _sessions.Set(1, "a", Login("a2"));
        _sessions.Find(1).ShouldBe(Login("a2"));
        _sessions.Remove(1, "a");
        _sessions.Find(1).ShouldBe(Login("e"));
    }

    [Fact]
    public void Nothing_is_kept_of_who_has_gone()
    {
        _sessions.Set(1, "a", Login("a"));
        _sessions.Set(2, "a", Login("b"));
        _sessions.Remove(1, "a");
        _sessions.Remove(1, "a");
        _sessions.Find(1).ShouldBeNull();
        _sessions.Find(2).ShouldBe(Login("b"));
    }
}
