using EngineIO.Sessions;
using EngineIO.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace EngineIO.Tests.Sessions;

public sealed class OptionsTests
{
    public static TheoryData<Action<EngineIOOptions>, string> Wrong => new()
    {
        { options => options.PingInterval = TimeSpan.Zero, "PingInterval is 00:00:00: give a time of more than zero" },
        { options => options.PingTimeout = TimeSpan.FromSeconds(-1), "PingTimeout is -00:00:01" },
        { options => options.UpgradeTimeout = TimeSpan.MaxValue, "UpgradeTimeout is" },
        { options => options.CloseTimeout = Timeout.InfiniteTimeSpan, "CloseTimeout is" },
        { options => options.StalledWriteTimeout = TimeSpan.Zero, "StalledWriteTimeout is" },
        { options => options.MaxHttpBufferSize = 0, "MaxHttpBufferSize is 0: give at least 1" },
        { options => options.MaxHttpBufferSize = int.MaxValue, "MaxHttpBufferSize is 2147483647: give at most" },
        { options => options.MaxPacketsPerPayload = 0, "MaxPacketsPerPayload is 0" },
        { options => options.MaxSessions = -1, "MaxSessions is -1" },
        { options => options.HttpCompressionThreshold = -1, "HttpCompressionThreshold is -1" },
        { options => options.PerMessageDeflateThreshold = -1, "PerMessageDeflateThreshold is -1" },
        { options => options.MaxQueuedMessages = 0, "MaxQueuedMessages is 0" },
        { options => options.MaxQueuedBytes = 0, "MaxQueuedBytes is 0" },
        { options => options.SoftQueuedBytes = options.MaxQueuedBytes + 1, "SoftQueuedBytes is 16777217: give at most MaxQueuedBytes, which is 16777216" },
        { options => options.MaxTotalQueuedBytes = 0, "MaxTotalQueuedBytes is 0" },
        { options => options.MaxTotalIncompleteBytes = 0, "MaxTotalIncompleteBytes is 0" },
        { options => options.Transports = EngineTransports.None, "Transports is None: give Polling, WebSocket or both" },
        { options => options.Transports = (EngineTransports)8, "Transports is 8" },
        { options => options.Cookie = new CookieBuilder(), "Cookie.Name is empty" },
        { options => options.Cors = new EngineIOCorsOptions { Origins = { "*" }, Credentials = true }, "Cors.Origins is *: browsers refuse it" },
        { options => options.Cors = new EngineIOCorsOptions { Origins = { "example.org" } }, "Cors.Origins is example.org: give a scheme" },
        { options => options.Cors = new EngineIOCorsOptions { Origins = { "https://example.org/" } }, "Cors.Origins is https://example.org/" },
        { options => options.Cors = new EngineIOCorsOptions { MaxAge = TimeSpan.FromSeconds(-1) }, "Cors.MaxAge is" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Wrong_setting_is_named_with_what_would_be_right(Action<EngineIOOptions> spoil, string message)
    {
        var options = new EngineIOOptions();
        spoil(options);
        Should.Throw<InvalidOperationException>(() => new EngineServer(options, new RecordingApplication(), NullLoggerFactory.Instance, TimeProvider.System))
            .Message.ShouldContain("EngineIOOptions." + message);
    }

    [Fact]
    public void Defaults_are_valid_and_the_official_ones()
    {
        var options = new EngineIOOptions();
        options.Validate();
        options.PingInterval.ShouldBe(TimeSpan.FromSeconds(25));
        options.PingTimeout.ShouldBe(TimeSpan.FromSeconds(20));
        options.UpgradeTimeout.ShouldBe(TimeSpan.FromSeconds(10));
        options.MaxHttpBufferSize.ShouldBe(1_000_000);
        options.HttpCompressionThreshold.ShouldBe(1024);
        options.PerMessageDeflate.ShouldBeFalse();
        options.AllowUpgrades.ShouldBeTrue();
    }
}
