using System.Text;
using EngineIO.Epoll;

namespace EngineIO.Tests.Epoll;

/// <summary>Which requests the loops read themselves, and what they read.</summary>
public sealed class UpgradeRequestTests
{
    private const string Plain =
        "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: example.org:3001\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    [Fact]
    public void Plain_one_is_read()
    {
        var bytes = Encoding.ASCII.GetBytes(Plain.Replace("\r\n\r\n", "\r\nCookie: a=1\r\nX-Own: \t two words \t\r\nCOOKIE: b=2\r\n\r\nrest", StringComparison.Ordinal));
        var request = UpgradeRequest.TryRead(bytes, out var length).ShouldNotBeNull();
        length.ShouldBe(bytes.Length - "rest".Length);
        request.Path.ShouldBe("/engine.io/");
        request.Query.ShouldBe("?EIO=4&transport=websocket");
        request.Headers["host"].ToString().ShouldBe("example.org:3001");
        request.Headers["Cookie"].ToArray().ShouldBe(["a=1", "b=2"]);
        request.Headers["X-Own"].ToString().ShouldBe("two words");
        request.Headers.Count.ShouldBe(7);
    }

    [Fact]
    public void One_that_is_not_all_there_is_kestrels()
    {
        var bytes = Encoding.ASCII.GetBytes(Plain);
        for (var i = 0; i < bytes.Length; i++)
            UpgradeRequest.TryRead(bytes.AsSpan(0, i), out _).ShouldBeNull($"{i} bytes");
        UpgradeRequest.TryRead(bytes, out _).ShouldNotBeNull();
    }

    [Theory]
    [InlineData("Connection: Upgrade", "Connection: keep-alive, Upgrade")]
    [InlineData("Connection: Upgrade", "connection:upgrade")]
    [InlineData("Upgrade: websocket", "upgrade: WebSocket")]
    [InlineData("Host: example.org:3001", "Host: [::1]:3001")]
    [InlineData("/engine.io/?EIO=4&transport=websocket", "/engine.io")]
    [InlineData("EIO=4", "EIO=4&name=%C3%A4+b")]
    public void What_usual_clients_send_is_read(string part, string instead) => Read(part, instead).ShouldNotBeNull();

    [Theory]
    [InlineData("GET ", "POST ")]
    [InlineData("GET ", "get ")]
    [InlineData("GET /", "GET  /")]
    [InlineData("GET /", "GET http://example.org/")]
    [InlineData("HTTP/1.1", "HTTP/1.0")]
    [InlineData("HTTP/1.1", "HTTP/2.0")]
    [InlineData(" HTTP/1.1", "")]
    [InlineData("/engine.io/?", "/engine.io/../other?")]
    [InlineData("/engine.io/?", "/./engine.io/?")]
    [InlineData("/engine.io/?", "/engine%2eio/?")]
    [InlineData("/engine.io/?", "/engine.io/#?")]
    [InlineData("EIO=4", "EIO=4 x")]
    [InlineData("EIO=4", "EIO=\u0001")]
    [InlineData("EIO=4", "EIO=\"")]
    [InlineData("Host: example.org:3001\r\n", "")]
    [InlineData("Host: example.org:3001", "Host:")]
    [InlineData("Host: example.org:3001", "Host: example.org\r\nHost: example.com")]
    [InlineData("Host: example.org:3001", "Host: exa mple.org")]
    [InlineData("Host: example.org:3001", "Host: user@example.org")]
    [InlineData("Host: example.org:3001", "Host: example.org:http")]
    [InlineData("Host: example.org:3001", "Host: example.org:")]
    [InlineData("Host: example.org:3001", "Host: example.org:1:2")]
    [InlineData("Host: example.org:3001", "Host: :3001")]
    [InlineData("Host: example.org:3001", "Host: [")]
    [InlineData("Host: example.org:3001", "Host: [::1")]
    [InlineData("Host: example.org:3001", "Host: [::1]3001")]
    [InlineData("Host: example.org:3001", "Host: [name]:3001")]
    [InlineData("Host: example.org:3001", "Host: a]b[")]
    [InlineData("Host: ", "Host : ")]
    [InlineData("Host: ", " Host: ")]
    [InlineData("Host: ", ": ")]
    [InlineData("Host: ", "Ho(st: ")]
    [InlineData("Host: ", "Host")]
    [InlineData("Connection: Upgrade", "Connection: close")]
    [InlineData("Connection: Upgrade", "Connection: Upgrade, close")]
    [InlineData("Connection: Upgrade", "Connection: Upgrade\r\nConnection: close")]
    [InlineData("Upgrade: websocket", "Upgrade: h2c")]
    [InlineData("Upgrade: websocket", "Upgrade: websocket, h2c")]
    [InlineData("Upgrade: websocket\r\n", "")]
    [InlineData("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13\r\nContent-Length: 5")]
    [InlineData("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13\r\nTransfer-Encoding: chunked")]
    [InlineData("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13\r\nExpect: 100-continue")]
    [InlineData("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13\n")]
    [InlineData("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 1\n3")]
    [InlineData("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13\r")]
    [InlineData("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 1\03")]
    [InlineData("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13\r\n folded")]
    [InlineData("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: \u00e9")]
    public void Whatever_is_unusual_is_kestrels(string part, string instead) => Read(part, instead).ShouldBeNull();

    [Fact]
    public void Too_many_headers_are_kestrels()
    {
        Read("\r\n\r\n", "\r\n" + string.Concat(Enumerable.Range(0, 59).Select(i => $"X-{i}: 1\r\n")) + "\r\n").ShouldNotBeNull();
        Read("\r\n\r\n", "\r\n" + string.Concat(Enumerable.Range(0, 60).Select(i => $"X-{i}: 1\r\n")) + "\r\n").ShouldBeNull();
    }

    private static UpgradeRequest? Read(string part, string instead)
    {
        Plain.ShouldContain(part);
        return UpgradeRequest.TryRead(Encoding.Latin1.GetBytes(Plain.Replace(part, instead, StringComparison.Ordinal)), out _);
    }
}
