using System.Net;
using Chatpulse.Server.Tests.Chat;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using SocketIO.Server;

namespace Chatpulse.Server.Tests.Configuration;

/// <summary>Whose address a connection behind a proxy has.</summary>
public sealed class TrustedProxiesTests
{
    [Theory]
    [InlineData(null, "203.0.113.7")]
    [InlineData("10.0.0.0/8", "127.0.0.1")]
    [InlineData("none", "127.0.0.1")]
    public async Task The_visitors_address_is_believed_of_a_trusted_proxy_only(string? trusted, string seen)
    {
        await using var host = await TestServer.StartAsync(settings => trusted switch
        {
            null => settings,
            "none" => settings with { TrustedProxies = [] },
            _ => settings with { TrustedProxies = [IPNetwork.Parse(trusted)] },
        });
        var address = new TaskCompletionSource<IPAddress?>(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Services.GetRequiredService<SocketIOServer>().Use(socket =>
        {
            address.TrySetResult(socket.Handshake.Request.RemoteAddress);
            return ValueTask.CompletedTask;
        });

        await using var client = await ChatClient.ConnectAsync(
            host.Address, """{"userId":1}""", query: null, ("X-Forwarded-For", "198.51.100.1, 203.0.113.7"));

        (await address.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken)).ShouldBe(IPAddress.Parse(seen));
    }
}
