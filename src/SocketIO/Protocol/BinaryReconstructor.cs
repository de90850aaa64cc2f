namespace SocketIO.Protocol;

/// <summary>
/// A packet whose attachments are still coming. Belongs to one connection and is used by its reader only. Memory is taken
/// as attachments come, never by the number that the header promises beyond <see cref="PacketLimits.MaxAttachments"/>.
/// </summary>
public sealed class BinaryReconstructor
{
    private readonly SocketPacket _packet;
    private readonly ReadOnlyMemory<byte>[] _attachments;
    private int _received;

    internal BinaryReconstructor(SocketPacket packet, ReadOnlyMemory<byte>[] attachments) =>
        (_packet, _attachments, KeptBytes) = (packet, attachments, packet.Arguments.Size);

    /// <summary>Bytes of memory that are kept until the packet is complete.</summary>
    internal long KeptBytes { get; private set; }

    internal SocketPacketType Type => _packet.Type;

    internal string Namespace => _packet.Namespace;

    /// <summary>How many attachments are still to come.</summary>
    public int Missing => _attachments.Length - _received;

    /// <summary>Takes a copy of the next attachment. True, and the packet, when it was the last.</summary>
    internal bool Add(ReadOnlySpan<byte> attachment, out SocketPacket packet)
    {
        _attachments[_received++] = attachment.ToArray();
        KeptBytes += attachment.Length;
        packet = Missing == 0 ? _packet : default;
        return Missing == 0;
    }
}
