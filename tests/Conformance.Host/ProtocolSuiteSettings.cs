using EngineIO;

namespace Conformance.Host;

/// <summary>The short time-outs that the official protocol suites are written for.</summary>
internal static class ProtocolSuiteSettings
{
    public static void Apply(EngineIOOptions options, TimeSpan? pingTimeout)
    {
        options.PingInterval = TimeSpan.FromMilliseconds(300);
        options.PingTimeout = pingTimeout ?? TimeSpan.FromMilliseconds(200);
        options.MaxHttpBufferSize = 1_000_000;
        options.Cors = new EngineIOCorsOptions { Origins = { "*" } };
    }
}
