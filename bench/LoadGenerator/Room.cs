namespace LoadGenerator;

/// <summary>One room under load: who is in it, and how many members each message under way has reached.</summary>
internal sealed class Room(int number)
{
    /// <summary>More messages cannot be told apart.</summary>
    public const int MostInFlight = 64;

    private readonly int[] _reached = new int[MostInFlight];

    /// <summary>Its name.</summary>
    public string Name { get; } = $"room{number:D4}";

    /// <summary>Its members that read.</summary>
    public List<Client> Members { get; } = [];

    /// <summary>What is published to it, as its clients send it.</summary>
    public byte[][] Messages { get; set; } = [];

    /// <summary>Messages published so far.</summary>
    public long Published { get; set; }

    /// <summary>The object that is published: exactly that many bytes of JSON.</summary>
    public string Json(int bytes)
    {
        var empty = $"{{\"room\":\"{Name}\",\"text\":\"\"}}";
        if (bytes < empty.Length) throw new LoadException($"--payload is {bytes}: give at least {empty.Length}.");
        return empty.Insert(empty.Length - 2, new string('x', bytes - empty.Length));
    }

    /// <summary>
    /// Counts a delivery. Every member gets a room's messages in the same order, so the n-th that a member gets is the n-th of the room.
    /// True when it was the last one that this message was to reach.
    /// </summary>
    public bool Count(Client member)
    {
        var slot = member.Received++ % MostInFlight;
        if (++_reached[slot] < Members.Count) return false;
        _reached[slot] = 0;
        return true;
    }
}
