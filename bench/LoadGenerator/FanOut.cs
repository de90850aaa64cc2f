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
    private bool _over;

    /// <inheritdoc />
    public override Result Run()
    {
        Open(Options.Connections);
        _rooms = JoinRooms();
        foreach (var room in _rooms)
        {
            for (var i = 0; i < Options.InFlight; i++) Publish(room);
        }

        Loop.RunFor(Options.WarmUp);
        Meter.Begin();
        var before = Come;
        Loop.RunFor(Options.Seconds);
        if (Come == before) AwaitMore("of the deliveries");
        Meter.End(Come - before);
        _over = true;
        AwaitRest("of the deliveries");
        return Meter.Result with { Connections = Clients.Count };
    }

    /// <inheritdoc />
    public override void OnDelivery(Client client, ReadOnlySpan<byte> message)
    {
        var room = _rooms[client.Index % _rooms.Length];
        Come++;
        if (room.Take(client, message).Complete && !_over) Publish(room);
    }

    private void Publish(Room room)
    {
        Due += room.Members.Count;
        room.Publish((int)(room.Published * PublisherStep % room.Members.Count));
    }

    private Room[] JoinRooms()
    {
        var rooms = Enumerable.Range(0, Options.Rooms).Select(number => new Room(number)).ToArray();
        foreach (var client in Clients) rooms[client.Index % rooms.Length].Members.Add(client);
        AskAll(client => Dialect.Join(rooms[client.Index % rooms.Length].Name));

        // A request of a polling client names its session; what WebSocket clients send is the same for all.
        foreach (var room in rooms) room.Prepare(Dialect, Options.Payload, alike: Options.Transport is not "polling");
        return rooms;
    }
}
