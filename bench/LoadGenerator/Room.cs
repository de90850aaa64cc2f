namespace LoadGenerator;

/// <summary>One room under load: who is in it, and what has been published to it and has not reached everybody.</summary>
/// <param name="number">Which room.</param>
/// <param name="slots">How far members may be apart, in messages.</param>
/// <param name="inOrder">Whether one member alone publishes: then everybody gets the messages in the order in which they were sent.</param>
internal sealed class Room(int number, int slots = Room.Window, bool inOrder = false)
{
    /// <summary>More messages cannot be under way: with as many again, a member has a bit for each that came before its turn.</summary>
    public const int MostInFlight = Window / 2;

    private const int Window = 64;

    private readonly ulong[] _digits = new ulong[slots];
    private readonly int[] _missing = new int[slots];
    private Outgoing[] _messages = [];
    private Expected _expected = null!;

    /// <summary>Its name.</summary>
    public string Name { get; } = $"room{number:D4}";

    /// <summary>Its members that read.</summary>
    public List<Client> Members { get; } = [];

    /// <summary>Messages published so far.</summary>
    public long Published { get; private set; }

    /// <summary>Makes the messages that its members publish.</summary>
    /// <param name="dialect">Of the server.</param>
    /// <param name="payload">Bytes of the object that is published.</param>
    /// <param name="alike">Whether all members send the same bytes.</param>
    public void Prepare(Dialect dialect, int payload, bool alike)
    {
        var json = Number.Json(Name, payload);
        var message = dialect.Publish(Name, json);
        _messages = [.. Members.Take(alike ? 1 : Members.Count).Select(member => new Outgoing(member, message))];
        _expected = new Expected(dialect.Delivery(json));
    }

    /// <summary>Has a member publish the next message.</summary>
    public void Publish(int publisher)
    {
        var slot = Published % slots;
        if (_missing[slot] > 0) throw new LoadException($"message {Published - slots} of {Name} has not reached everybody, and {slots} have been published since");
        _missing[slot] = Members.Count;
        _digits[slot] = Number.Digits(Published++);
        Members[publisher].Send(_messages[publisher % _messages.Length].With(_digits[slot]));
    }

    /// <summary>
    /// Takes a delivery, and fails when it is not a message of this room that this member has not had yet. Messages of several members may overtake each other.
    /// </summary>
    /// <returns>Its number, and whether it was the last one that this message was to reach.</returns>
    public (long Number, bool Complete) Take(Client member, ReadOnlySpan<byte> message)
    {
        var digits = _expected.Check(member, message);
        var taken = member.Due;
        if (IsMessage(taken, digits))
        {
            do
            {
                member.Due++;
                member.Ahead >>= 1;
            }
            while ((member.Ahead & 1) != 0);
        }
        else
        {
            taken = FindAhead(member, digits);
            member.Ahead |= 1UL << (int)(taken - member.Due);
        }

        return (taken, --_missing[taken % slots] == 0);
    }

    private bool IsMessage(long message, ulong digits) => message < Published && _digits[message % slots] == digits;

    private long FindAhead(Client member, ulong digits)
    {
        for (var ahead = 1; ahead < Window && !inOrder; ahead++)
        {
            if ((member.Ahead >> ahead & 1) == 0 && IsMessage(member.Due + ahead, digits)) return member.Due + ahead;
        }

        var due = member.Due < Published ? Expected.Show(_digits[member.Due % slots]) : "nothing";
        throw new LoadException($"client {member.Index} got message {Expected.Show(digits)} of {Name} where {due} was due");
    }
}
