using Adapters.Specification;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Shouldly;
using SocketIO.Server;
using Xunit;

namespace SocketIO.Tests.Server;

public sealed class SetupTests : ServerTest
{
    [Fact]
    public async Task A_wrong_setting_stops_the_application_from_starting()
    {
        var exception = await Should.ThrowAsync<OptionsValidationException>(Start(options => options.MaxPendingAcks = 0));
        exception.Message.ShouldContain("MaxPendingAcks must be at least 1, and is 0");
    }

    [Fact]
    public async Task Mapping_without_a_server_says_what_to_do()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();
        Should.Throw<InvalidOperationException>(() => app.MapSocketIO()).Message.ShouldContain("AddSocketIO()");
    }

    [Fact]
    public async Task Registering_twice_adds_settings_to_the_one_server()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddSocketIO(options => options.MaxPendingAcks = 7).AddSocketIO(options => options.MaxPendingEvents = 8);
        await using var provider = services.BuildServiceProvider();
        var options = provider.GetRequiredService<SocketIOServer>().Options;
        options.MaxPendingAcks.ShouldBe(7);
        options.MaxPendingEvents.ShouldBe(8);
        provider.GetServices<SocketIOServer>().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_hundred_members_get_every_message_once_in_order()
    {
        const int Messages = 20;
        var server = await Start();
        server.Io.OnConnection(socket => socket.Join("room"));
        var members = new List<RawClient>();
        for (var i = 0; i < 100; i++) members.Add(await Connect(server));
        for (var i = 0; i < Messages; i++) server.Io.To("room").Emit("n", i);
        foreach (var member in members)
        {
            for (var i = 0; i < Messages; i++) (await member.Receive()).ShouldBe($"2[\"n\",{i}]");
        }
    }
}
