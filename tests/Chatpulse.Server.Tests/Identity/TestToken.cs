using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Chatpulse.Server.Tests.Identity;

/// <summary>Makes tokens as a site would, and wrong ones as a site never would.</summary>
internal static class TestToken
{
    public const string Secret = "a secret of the tests, long enough for HS256";

    public static string Sign(string payload, string algorithm = "HS256", string secret = Secret)
    {
        var signed = $"{Encode($$"""{"alg":"{{algorithm}}","typ":"JWT"}""")}.{Encode(payload)}";
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(signed));
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    public static string For(long userId, DateTimeOffset expires, string name = "Ada") =>
        Sign($$"""{"sub":"{{userId}}","exp":{{expires.ToUnixTimeSeconds()}},"name":"{{name}}"}""");

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
