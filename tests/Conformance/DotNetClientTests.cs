using System.Text.Json;

namespace Conformance;

/// <summary>The .NET client SocketIOClient against the library, over each transport.</summary>
public sealed class DotNetClientTests(EchoServer server) : IClassFixture<EchoServer>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<ClientTransport> Transports => [ClientTransport.WebSocket, ClientTransport.Polling, ClientTransport.Upgrade];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connects_and_hands_over_its_auth(ClientTransport how)
    {
        await using var client = await DotNetClient.ConnectAsync(server.Address, how, new { token = "123" }, Token);

        (await client.NextAsync("auth")).GetValue<JsonElement>(0).GetProperty("token").GetString().ShouldBe("123");
        server.Sockets.Default.Sockets.ShouldContain(socket => socket.Id == client.Id);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Events_and_acks_carry_any_json(ClientTransport how)
    {
        await using var client = await DotNetClient.ConnectAsync(server.Address, how, auth: null, Token);

        await client.EmitAsync("message", 1, "zwei é😀", new { deep = new[] { true, false } });
        var back = await client.NextAsync("message-back");
        var answer = await client.AskAsync("message-with-ack", 1, "zwei é😀", new { deep = new[] { true, false } });

        foreach (var response in new[] { back, answer })
        {
            response.Count.ShouldBe(3);
            response.GetValue<int>(0).ShouldBe(1);
            response.GetValue<string>(1).ShouldBe("zwei é😀");
            response.GetValue<JsonElement>(2).GetRawText().ShouldBe("""{"deep":[true,false]}""");
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Events_and_acks_carry_binary(ClientTransport how)
    {
        await using var client = await DotNetClient.ConnectAsync(server.Address, how, auth: null, Token);
        byte[] small = [0, 1, 2, 254, 255];
        var large = new byte[300_000];
        new Random(20261123).NextBytes(large);

        await client.EmitAsync("message", small, large);
        var back = await client.NextAsync("message-back");
        var answer = await client.AskAsync("message-with-ack", large);

        back.GetValue<byte[]>(0).ShouldBe(small);
        back.GetValue<byte[]>(1).AsSpan().SequenceEqual(large).ShouldBeTrue();
        answer.GetValue<byte[]>(0).AsSpan().SequenceEqual(large).ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task The_server_is_answered_when_it_asks(ClientTransport how)
    {
        await using var client = await DotNetClient.ConnectAsync(server.Address, how, auth: null, Token);
        client.AnswerQuestions("question");
        var socket = server.Sockets.Default.Sockets.Single(one => one.Id == client.Id);

        (await socket.EmitWithAck<string, string>("question", "who are you?", cancellationToken: Token)).ShouldBe("who are you?");
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Events_come_in_order(ClientTransport how)
    {
        await using var client = await DotNetClient.ConnectAsync(server.Address, how, auth: null, Token);

        for (var i = 0; i < 200; i++)
            await client.EmitAsync("message", i);

        for (var i = 0; i < 200; i++)
            (await client.NextAsync("message-back")).GetValue<int>(0).ShouldBe(i);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_namespace_of_its_own(ClientTransport how)
    {
        await using var client = await DotNetClient.ConnectAsync(new Uri(server.Address, "/custom"), how, auth: null, Token);

        (await client.AskAsync("message-with-ack", "custom")).GetValue<string>(0).ShouldBe("custom");
        server.Sockets.Of("/custom").Sockets.ShouldContain(socket => socket.Id == client.Id);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task An_unknown_namespace_is_refused(ClientTransport how)
    {
        var (client, refusal) = await DotNetClient.TryConnectAsync(new Uri(server.Address, "/random"), how, auth: null, Token);
        await using var _ = client;

        refusal.ShouldBe("Invalid namespace");
    }
}
