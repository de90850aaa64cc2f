using Chatpulse.Server.Chat;
using Chatpulse.Server.Identity;
using Shouldly;

namespace Chatpulse.Server.Tests.Identity;

public sealed class LoginCookiesTests
{
    [Fact]
    public void Only_the_login_cookie_is_passed_on_and_its_session_and_end_are_read()
    {
        var cookies = LoginCookies.Find("wp-settings-1=x; wordpress_logged_in_ab12=ada%7C1795435200%7CtokenABC%7Chmac; wordpress_sec_ab12=secret; other=1").ShouldNotBeNull();
        cookies.Header.ShouldBe("wordpress_logged_in_ab12=ada%7C1795435200%7CtokenABC%7Chmac");
        cookies.ExpiresAt.ShouldBe(DateTimeOffset.FromUnixTimeSeconds(1_795_435_200));
        // printf tokenABC | sha256sum
        cookies.SessionIds.ShouldBe([LoginCookies.SessionIdOf("tokenABC")]);
    }

    [Fact]
    public void A_session_is_named_as_the_plugin_names_it() => LoginCookies.SessionIdOf("abc").ShouldBe("ba7816bf8f01cfea");

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(";;;")]
    [InlineData("a=wordpress_logged_in_x")]
    [InlineData("wordpress_sec_ab12=ada%7C1%7Ct%7Ch")]
    public void Without_a_login_cookie_there_is_none(string? header) => LoginCookies.Find(header).ShouldBeNull();

    [Theory]
    [InlineData("wordpress_logged_in_x=")]
    [InlineData("wordpress_logged_in_x")]
    [InlineData("wordpress_logged_in_x=a|b|c|d")]
    [InlineData("wordpress_logged_in_x=a|99999999999999999999|c|d")]
    [InlineData("wordpress_logged_in_x=%7C%zz%7C")]
    public void What_cannot_be_read_is_for_the_site_to_judge(string header)
    {
        var cookies = LoginCookies.Find(header).ShouldNotBeNull();
        cookies.Header.ShouldBe(header);
        cookies.ExpiresAt.ShouldBeNull();
        cookies.SessionIds.ShouldBeEmpty();
    }

    [Fact]
    public void Logins_of_several_sites_on_one_host_are_all_passed_on()
    {
        var cookies = LoginCookies.Find("wordpress_logged_in_a=u|100|t1|h; x=y; wordpress_logged_in_b=u|200|t2|h; wordpress_logged_in_a=u|100|t1|h").ShouldNotBeNull();
        cookies.Header.ShouldBe("wordpress_logged_in_a=u|100|t1|h; wordpress_logged_in_b=u|200|t2|h");
        cookies.ExpiresAt.ShouldBe(DateTimeOffset.FromUnixTimeSeconds(200));
        cookies.SessionIds.Count.ShouldBe(2);
    }

    [Fact]
    public void More_than_any_site_makes_is_refused()
    {
        Should.Throw<ChatException>(() => LoginCookies.Find("wordpress_logged_in_a=" + new string('x', 9_000))).Code.ShouldBe(ChatErrorCodes.Unauthenticated);
        Should.Throw<ChatException>(() => LoginCookies.Find(string.Join(';', Enumerable.Range(0, 50).Select(i => $"wordpress_logged_in_{i}=x")))).Code.ShouldBe(ChatErrorCodes.Unauthenticated);
    }
}
