namespace EngineIO.Protocol;

/// <summary>Reads the type of one text packet: a digit, then the body.</summary>
internal static class PacketCodec
{
    /// <summary>Body of the ping and pong that try out a new transport.</summary>
    public static ReadOnlySpan<byte> Probe => "probe"u8;

    /// <summary>The type of <paramref name="packet"/>, whose body is everything after its first byte. False when it is empty or of no known type.</summary>
    public static bool TryReadType(ReadOnlySpan<byte> packet, out PacketType type)
    {
        if (packet.IsEmpty || packet[0] is < (byte)PacketType.Open or > (byte)PacketType.Noop)
        {
            type = default;
            return false;
        }

        type = (PacketType)packet[0];
        return true;
    }
}
