using System.Runtime.InteropServices;

namespace LoadGenerator;

/// <summary>A message that is prepared once and sent often, each time with another number.</summary>
internal sealed class Outgoing
{
    private readonly byte[] _prepared;
    private readonly int _at;
    private ulong _written;

    public Outgoing(Client client, byte[] message)
    {
        var at = Number.Find(message);
        _prepared = client.Prepare(message);
        _at = _prepared.Length - message.Length + at;
        _written = MemoryMarshal.Read<ulong>(message.AsSpan(at));
    }

    /// <summary>What is sent, with that number.</summary>
    public ReadOnlySpan<byte> With(ulong digits)
    {
        // Whether it is masked or not: the bits that differ are turned over.
        var place = _prepared.AsSpan(_at, Number.Length);
        MemoryMarshal.Write(place, MemoryMarshal.Read<ulong>(place) ^ _written ^ digits);
        _written = digits;
        return _prepared;
    }
}
