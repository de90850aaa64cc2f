using Chatpulse.Server.Configuration;
using Microsoft.Extensions.Logging;
using Shouldly;

namespace Chatpulse.Server.Tests.Configuration;

public sealed class SettingsReaderTests
{
    private const string Key = "key-of-the-plugins-settings-page";

    private static ServerSettings Read(params (string Name, string Value)[] values) =>
        SettingsReader.Read(name => values.FirstOrDefault(value => string.Equals(value.Name, name, StringComparison.Ordinal)).Value);

    private static IReadOnlyList<string> Problems(params (string Name, string Value)[] values) =>
        Should.Throw<SettingsException>(() => Read(values)).Problems;

    [Fact]
    public void Without_any_setting_the_defaults_are_the_documented_ones()
    {
        var settings = Read();

        settings.IsDevelopment.ShouldBeTrue();
        settings.Host.ShouldBe("localhost");
        settings.Port.ShouldBe(3001);
        settings.CorsOrigins.ShouldBeEmpty();
        settings.CorsMethods.ShouldBe(["GET", "POST"]);
        settings.PingInterval.ShouldBe(TimeSpan.FromMilliseconds(25_000));
        settings.PingTimeout.ShouldBe(TimeSpan.FromMilliseconds(60_000));
        settings.ApiNamespace.ShouldBe("chatpulse-chat/v1");
        settings.AuthMode.ShouldBe(AuthMode.UserId);
        settings.AuthGracePeriod.ShouldBe(TimeSpan.FromSeconds(60));
        settings.DataDirectory.ShouldBe("./data");
        settings.LogLevel.ShouldBe(LogLevel.Information);
        settings.LogAsJson.ShouldBeFalse();
        settings.UseEpoll.ShouldBe(OperatingSystem.IsLinux());
        Read(("NODE_ENV", "production"), ("AUTH_MODE", "userid")).LogAsJson.ShouldBeTrue();
        settings.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void Proxies_are_addresses_or_networks_or_none()
    {
        Read().TrustedProxies.Select(proxy => proxy.ToString()).ShouldBe(["127.0.0.0/8", "::1/128"]);
        Read(("TRUSTED_PROXIES", "none")).TrustedProxies.ShouldBeEmpty();
        Read(("TRUSTED_PROXIES", "10.0.0.5, 192.168.1.0/24,2001:db8::1")).TrustedProxies.Select(proxy => proxy.ToString())
            .ShouldBe(["10.0.0.5/32", "192.168.1.0/24", "2001:db8::1/128"]);
    }

    [Fact]
    public void Every_setting_is_read()
    {
        var settings = Read(
            ("NODE_ENV", "production"),
            ("HOST", "127.0.0.1"),
            ("PORT", "8080"),
            ("CORS_ORIGIN", "https://example.org, http://localhost:5173/"),
            ("CORS_METHODS", "get, post,OPTIONS"),
            ("SOCKET_PING_INTERVAL", "10000"),
            ("SOCKET_PING_TIMEOUT", "5000"),
            ("WP_API_NAMESPACE", "/other/v2/"),
            ("AUTH_MODE", "token"),
            ("AUTH_SECRET", new string('s', 32)),
            ("AUTH_GRACE_PERIOD", "0"),
            ("ADMIN_TOKEN", new string('a', 16)),
            ("WEBHOOK_SECRET", new string('w', 16)),
            ("DATA_DIR", "/var/lib/chatpulse"),
            ("LOG_LEVEL", "Debug"),
            ("LOG_FORMAT", "text"),
            ("TRANSPORT", "sockets"));

        settings.IsDevelopment.ShouldBeFalse();
        settings.Host.ShouldBe("127.0.0.1");
        settings.Port.ShouldBe(8080);
        settings.CorsOrigins.ShouldBe(["https://example.org", "http://localhost:5173"]);
        settings.CorsMethods.ShouldBe(["GET", "POST", "OPTIONS"]);
        settings.PingInterval.ShouldBe(TimeSpan.FromSeconds(10));
        settings.PingTimeout.ShouldBe(TimeSpan.FromSeconds(5));
        settings.ApiNamespace.ShouldBe("other/v2");
        settings.AuthMode.ShouldBe(AuthMode.Token);
        settings.AuthSecret.ShouldBe(new string('s', 32));
        settings.AuthGracePeriod.ShouldBe(TimeSpan.Zero);
        settings.AdminToken.ShouldBe(new string('a', 16));
        settings.WebhookSecret.ShouldBe(new string('w', 16));
        settings.DataDirectory.ShouldBe("/var/lib/chatpulse");
        settings.LogLevel.ShouldBe(LogLevel.Debug);
        settings.LogAsJson.ShouldBeFalse();
        settings.UseEpoll.ShouldBeFalse();
        settings.Warnings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("NODE_ENV", "prod", "development or production")]
    [InlineData("HOST", "chat.example.org", "IP address")]
    [InlineData("PORT", "http", "0 to 65535")]
    [InlineData("PORT", "-1", "0 to 65535")]
    [InlineData("PORT", "65536", "0 to 65535")]
    [InlineData("PORT", "3001.5", "0 to 65535")]
    [InlineData("CORS_ORIGIN", "example.org", "https://example.org")]
    [InlineData("CORS_ORIGIN", "https://example.org/path", "not an origin")]
    [InlineData("CORS_ORIGIN", "https://a.example,*", "not an origin")]
    [InlineData("CORS_ORIGIN", ",", "comma-separated")]
    [InlineData("CORS_METHODS", "GET POST", "not an HTTP method")]
    [InlineData("TRUSTED_PROXIES", "10.0.0.5,nginx", "\"nginx\" is neither an address nor a network")]
    [InlineData("TRUSTED_PROXIES", "10.0.0.0/33", "neither an address nor a network")]
    [InlineData("SOCKET_PING_INTERVAL", "0", "milliseconds")]
    [InlineData("SOCKET_PING_INTERVAL", "25s", "milliseconds")]
    [InlineData("SOCKET_PING_TIMEOUT", "99999999999", "milliseconds")]
    [InlineData("WP_API_NAMESPACE", "../etc", "letters, digits")]
    [InlineData("WP_API_NAMESPACE", "a//b", "letters, digits")]
    [InlineData("WP_API_TIMEOUT", "soon", "milliseconds")]
    [InlineData("WP_API_CONCURRENCY", "0", "1 to 256")]
    [InlineData("WP_API_CONCURRENCY", "257", "1 to 256")]
    [InlineData("WP_SESSION_CHECK_INTERVAL", "5m", "milliseconds")]
    [InlineData("AUTH_MODE", "none", "token, wordpress or userid")]
    [InlineData("AUTH_GRACE_PERIOD", "-5", "milliseconds")]
    [InlineData("LOG_LEVEL", "loud", "trace, debug")]
    [InlineData("LOG_FORMAT", "xml", "text or json")]
    [InlineData("TRANSPORT", "io_uring", "epoll or sockets")]
    public void What_is_wrong_names_the_setting_the_value_and_what_would_be_right(string name, string value, string expected)
    {
        var problem = Problems((name, value)).ShouldHaveSingleItem();
        problem.ShouldStartWith(name);
        problem.ShouldContain(value);
        problem.ShouldContain(expected);
    }

    [Theory]
    [InlineData("example.org/wp-json", "https://example.org/wp-json")]
    [InlineData("ftp://example.org/wp-json", "http or https")]
    [InlineData("https:///wp-json", "absolute")]
    [InlineData("https://example.org/?rest_route=/", "permalink")]
    [InlineData("https://example.org/wp-json#x", "?")]
    public void An_address_that_cannot_be_the_sites_is_refused(string url, string expected)
    {
        var problem = Problems(("WP_BASE_URL", url), ("WP_API_KEY", Key)).ShouldHaveSingleItem();
        problem.ShouldStartWith("WP_BASE_URL");
        problem.ShouldContain(url);
        problem.ShouldContain(expected);
    }

    [Fact]
    public void A_password_in_the_sites_address_is_refused_without_being_repeated() =>
        Problems(("WP_BASE_URL", "https://ada:hunter2@example.org/wp-json"), ("WP_API_KEY", Key)).ShouldHaveSingleItem().ShouldNotContain("hunter2");

    [Theory]
    [InlineData("https://example.org/wp-json", "https://example.org/wp-json")]
    [InlineData("https://example.org/wp-json//", "https://example.org/wp-json")]
    [InlineData("HTTP://127.0.0.1:8080/blog/wp-json/", "http://127.0.0.1:8080/blog/wp-json")]
    public void The_sites_address_is_kept_without_a_slash_at_the_end(string given, string kept)
    {
        var settings = Read(("WP_BASE_URL", given), ("WP_API_KEY", Key), ("WP_API_TIMEOUT", "500"), ("WP_API_CONCURRENCY", "16"), ("WP_SESSION_CHECK_INTERVAL", "1000"));
        settings.WordPressBaseUrl!.AbsoluteUri.ShouldBe(kept);
        settings.WordPressApiKey.ShouldBe(Key);
        settings.WordPressTimeout.ShouldBe(TimeSpan.FromMilliseconds(500));
        settings.WordPressConcurrency.ShouldBe(16);
        settings.WordPressSessionCheckInterval.ShouldBe(TimeSpan.FromSeconds(1));
        settings.Warnings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("http://example.org/wp-json", "in clear")]
    [InlineData("https://example.org", "/wp-json")]
    public void What_is_unwise_about_the_sites_address_is_a_warning(string url, string expected) =>
        Read(("NODE_ENV", "production"), ("AUTH_MODE", "wordpress"), ("WP_BASE_URL", url)).Warnings.ShouldHaveSingleItem().ShouldContain(expected);

    [Fact]
    public void A_site_on_this_machine_may_be_called_without_tls() =>
        Read(("NODE_ENV", "production"), ("AUTH_MODE", "wordpress"), ("WP_BASE_URL", "http://127.0.0.1:8080/wp-json")).Warnings.ShouldBeEmpty();

    [Theory]
    [InlineData("userid")]
    [InlineData("token")]
    public void A_site_needs_the_key_unless_it_signs_users_in_itself(string mode)
    {
        var secret = ("AUTH_SECRET", new string('s', 32));
        Problems(("WP_BASE_URL", "https://example.org/wp-json"), ("AUTH_MODE", mode), secret).ShouldHaveSingleItem().ShouldStartWith("WP_API_KEY is not set");
        Read(("WP_BASE_URL", "https://example.org/wp-json"), ("AUTH_MODE", "wordpress"), secret).WordPressApiKey.ShouldBeNull();
    }

    [Fact]
    public void A_key_that_no_header_can_carry_is_refused_without_being_repeated()
    {
        var problem = Problems(("WP_BASE_URL", "https://example.org/wp-json"), ("WP_API_KEY", "hunter2\nX-Other: 1")).ShouldHaveSingleItem();
        problem.ShouldStartWith("WP_API_KEY");
        problem.ShouldNotContain("hunter2");
    }

    [Fact]
    public void A_key_without_a_site_warns_that_it_is_not_used() => Read(("WP_API_KEY", Key)).Warnings.ShouldHaveSingleItem().ShouldStartWith("WP_API_KEY");

    [Fact]
    public void Logins_of_a_site_need_the_site() => Problems(("AUTH_MODE", "wordpress")).ShouldHaveSingleItem().ShouldStartWith("WP_BASE_URL is not set");

    [Theory]
    [InlineData("AUTH_SECRET", "short-secret-value", 32)]
    [InlineData("ADMIN_TOKEN", "short-secret", 16)]
    [InlineData("WEBHOOK_SECRET", "short-secret", 16)]
    public void A_secret_that_is_too_short_is_refused_without_being_repeated(string name, string value, int length)
    {
        var problem = Problems((name, value)).ShouldHaveSingleItem();
        problem.ShouldStartWith(name);
        problem.ShouldContain(length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        problem.ShouldNotContain(value);
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once() =>
        Problems(("PORT", "x"), ("SOCKET_PING_TIMEOUT", "y"), ("AUTH_MODE", "token"), ("LOG_LEVEL", "z"))
            .Select(problem => problem.Split(' ')[0])
            .ShouldBe(["PORT", "SOCKET_PING_TIMEOUT", "AUTH_SECRET", "LOG_LEVEL"], ignoreOrder: true);

    [Fact]
    public void Production_without_a_proven_mode_is_refused_and_told_what_to_set()
    {
        var problem = Problems(("NODE_ENV", "production")).ShouldHaveSingleItem();
        problem.ShouldStartWith("AUTH_MODE");
        problem.ShouldContain("AUTH_MODE=token");
        problem.ShouldContain("AUTH_SECRET");
    }

    [Fact]
    public void The_bare_user_id_in_production_has_to_be_asked_for_by_name_and_warns()
    {
        var settings = Read(("NODE_ENV", "production"), ("AUTH_MODE", "userid"));
        settings.AuthMode.ShouldBe(AuthMode.UserId);
        settings.Warnings.ShouldHaveSingleItem().ShouldStartWith("AUTH_MODE=userid");
    }

    [Fact]
    public void Empty_values_count_as_not_given() => Read(("PORT", " "), ("HOST", ""), ("WP_BASE_URL", "")).Port.ShouldBe(3001);

    [Fact]
    public void In_production_every_interface_is_listened_on_unless_said_otherwise() =>
        Read(("NODE_ENV", "production"), ("AUTH_MODE", "userid")).Host.ShouldBe("*");
}
