using System.Text;

namespace LoadGenerator;

/// <summary>
/// Rooms with members: in each, so many messages are under way, and when one has reached everybody the next is published, by another member each time.
/// An operation is one delivery.
/// </summary>
internal sealed class FanOut(Options options, EventLoop loop) : Scenario(options, loop)
{
    // A prime, so that publishers are spread over the members.
    private const int PublisherStep = 7;

    private Room[] _rooms = [];
    private byte[] _expected = [];
    private long _deliveries;

    /// <inheritdoc />
    public override Result Run()
    {
        Open(Options.Connections);
        _rooms = JoinRooms();
        _expected = Encoding.UTF8.GetBytes(_rooms[0].Json(Options.Payload));
        foreach (var room in _rooms)
        {
            for (var i = 0; i < Options.InFlight; i++) Publish(room);
        }

        Loop.RunFor(Options.WarmUp);
        Meter.Begin();
        var before = _deliveries;
        Loop.RunFor(Options.Seconds);
        Loop.RunUntil(() => _deliveries > before, PatienceSeconds, "something was to be delivered");
        Meter.End(_deliveries - before);
        return Meter.Result with { Connections = Clients.Count };
    }

    /// <inheritdoc />
    public override void OnDelivery(Client client, ReadOnlySpan<byte> message)
    {
        var room = _rooms[client.Index % _rooms.Length];
        if (client.Received == 0) CheckFirst(room, message);
        _deliveries++;
        if (room.Count(client)) Publish(room);
    }

    private static void Publish(Room room)
    {
        var publisher = (int)(room.Published++ * PublisherStep % room.Members.Count);
        room.Members[publisher].Send(room.Messages[publisher % room.Messages.Length]);
    }

    private Room[] JoinRooms()
    {
        var rooms = Enumerable.Range(0, Options.Rooms).Select(number => new Room(number)).ToArray();
        foreach (var client in Clients) rooms[client.Index % rooms.Length].Members.Add(client);
        AskAll(client => Dialect.Join(rooms[client.Index % rooms.Length].Name));
        foreach (var room in rooms)
        {
            var message = Dialect.Publish(room.Name, room.Json(Options.Payload));

            // A request of a polling client names its session; what WebSocket clients send is the same for all.
            room.Messages = Options.Transport is "polling" ? [.. room.Members.Select(member => member.Prepare(message))] : [room.Members[0].Prepare(message)];
        }

        return rooms;
    }

    // That the server sends the object as it was, and not less.
    private void CheckFirst(Room room, ReadOnlySpan<byte> message)
    {
        var expected = room == _rooms[0] ? _expected : Encoding.UTF8.GetBytes(room.Json(Options.Payload));
        if (message.IndexOf(expected) < 0) throw new LoadException($"not what was published: {Encoding.UTF8.GetString(message[..Math.Min(message.Length, 300)])}");
    }
}
