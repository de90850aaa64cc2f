using System.Runtime.InteropServices;
using System.Text;

namespace LoadGenerator;

/// <summary>What has to come, to the byte, but for the number.</summary>
internal sealed class Expected(byte[] message)
{
    private const int Shown = 300;

    private readonly int _at = Number.Find(message);

    /// <summary>The digits of what has come; fails when the rest of it is something else.</summary>
    public ulong Check(Client client, ReadOnlySpan<byte> came)
    {
        var after = _at + Number.Length;
        if (came.Length != message.Length || !came[.._at].SequenceEqual(message.AsSpan(0, _at)) || !came[after..].SequenceEqual(message.AsSpan(after)))
            throw new LoadException($"client {client.Index} got what nobody sent: {Show(came)} instead of {Show(message)}");
        return MemoryMarshal.Read<ulong>(came[_at..]);
    }

    /// <summary>Digits as text.</summary>
    public static string Show(ulong digits) => Encoding.UTF8.GetString(MemoryMarshal.AsBytes([digits]));

    private static string Show(ReadOnlySpan<byte> bytes) =>
        bytes.Length <= Shown ? Encoding.UTF8.GetString(bytes) : $"{Encoding.UTF8.GetString(bytes[..Shown])}… ({bytes.Length} bytes)";
}
