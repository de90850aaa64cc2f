using Chatpulse.Server.Identity;
using Shouldly;

namespace Chatpulse.Server.Tests.Identity;

public sealed class SignOutsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly SignOuts _signOuts = new(capacity: 3);

    private static UserIdentity Token(long userId, int issued, string? session = null) => new(userId, DisplayName: null, Now.AddHours(1))
    {
        IssuedAt = Now.AddSeconds(issued),
        SessionIds = session is null ? [] : [session],
    };

    private static UserIdentity Login(long userId, long seen, string session = "s") => new(userId, DisplayName: null, ExpiresAt: null)
    {
        Credentials = new WordPressCredentials("cookie", "nonce"),
        SignOutsSeen = seen,
        SessionIds = [session],
    };

    [Fact]
    public void Nobody_is_refused_before_anybody_signs_out()
    {
        _signOuts.Refuses(Token(1, 0)).ShouldBeFalse();
        _signOuts.Refuses(new UserIdentity(1, DisplayName: null, Now)).ShouldBeFalse();
    }

    [Fact]
    public void A_session_that_has_ended_is_refused_for_ever_and_others_of_the_user_are_not()
    {
        _signOuts.Add(1, "a", Now);
        _signOuts.Refuses(Token(1, -5, "a")).ShouldBeTrue();
        _signOuts.Refuses(Token(1, 5, "a")).ShouldBeTrue("a clock that goes wrong must not let it in");
        _signOuts.Refuses(Token(1, -5, "b")).ShouldBeFalse();
        _signOuts.Refuses(Token(1, -5)).ShouldBeFalse();
        _signOuts.Refuses(Token(2, -5, "a")).ShouldBeFalse();
    }

    [Fact]
    public void With_every_session_ended_what_was_issued_until_then_is_refused_and_what_comes_later_is_not()
    {
        _signOuts.Add(1, sessionId: null, Now);
        _signOuts.Refuses(Token(1, -1)).ShouldBeTrue();
        _signOuts.Refuses(Token(1, 0, "a")).ShouldBeTrue();
        _signOuts.Refuses(Token(1, 1)).ShouldBeFalse();
        _signOuts.Refuses(Token(2, -1)).ShouldBeFalse();
    }

    [Fact]
    public void A_token_that_does_not_say_when_it_was_issued_may_be_from_before() 
    {
        _signOuts.Add(1, sessionId: null, Now);
        _signOuts.Refuses(new UserIdentity(1, DisplayName: null, Now.AddHours(1))).ShouldBeTrue();
        _signOuts.Refuses(new UserIdentity(2, DisplayName: null, Now.AddHours(1))).ShouldBeFalse();
    }

    [Fact]
    public void A_sign_out_with_an_earlier_time_takes_nothing_back()
    {
        _signOuts.Add(1, sessionId: null, Now);
        _signOuts.Add(1, sessionId: null, Now.AddSeconds(-60));
        _signOuts.Refuses(Token(1, -30)).ShouldBeTrue();
    }

    [Fact]
    public void A_login_that_was_being_checked_meanwhile_is_refused_and_one_checked_afterwards_is_not()
    {
        var before = _signOuts.Count;
        _signOuts.Add(1, sessionId: null, Now);
        _signOuts.Refuses(Login(1, before)).ShouldBeTrue();
        _signOuts.Refuses(Login(1, _signOuts.Count)).ShouldBeFalse();
        _signOuts.Refuses(Login(2, before)).ShouldBeFalse();
        _signOuts.Add(1, "s", Now);
        _signOuts.Refuses(Login(1, _signOuts.Count)).ShouldBeTrue();
    }

    [Fact]
    public void What_is_forgotten_lets_nobody_in()
    {
        _signOuts.Add(1, "a", Now);
        for (var userId = 2; userId <= 4; userId++)
            _signOuts.Add(userId, sessionId: null, Now.AddSeconds(userId));

        _signOuts.Refuses(Token(1, -1, "a")).ShouldBeTrue();
        _signOuts.Refuses(Token(9, -1)).ShouldBeTrue("every token from before the forgotten sign-out is refused");
        _signOuts.Refuses(Token(9, 1)).ShouldBeFalse();
        _signOuts.Refuses(Token(2, 2)).ShouldBeTrue();
        _signOuts.Refuses(Token(2, 3)).ShouldBeFalse();
    }

    [Fact]
    public void One_who_signs_out_again_and_again_pushes_nobody_out_wrongly()
    {
        for (var i = 0; i < 10; i++)
            _signOuts.Add(1, "a", Now.AddSeconds(i));
        _signOuts.Refuses(Token(1, 100, "a")).ShouldBeTrue();
        _signOuts.Refuses(Token(2, -100)).ShouldBeFalse();
    }
}
