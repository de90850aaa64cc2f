using System.Text.Json;
using Microsoft.AspNetCore.SignalR;

namespace SignalR;

/// <summary>The contract as a hub.</summary>
internal sealed class RoomHub : Hub
{
    public Task Join(string room) => Groups.AddToGroupAsync(Context.ConnectionId, room);

    public Task Publish(JsonElement message) => Clients.Group(message.GetProperty("room").GetString()!).SendAsync("msg", message);

#pragma warning disable CA1822 // SignalR calls instance methods only.
    public JsonElement Echo(JsonElement value) => value;
#pragma warning restore CA1822
}
