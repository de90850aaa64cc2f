using EngineIO.Transports;

namespace SocketIO.Protocol;

/// <summary>How packets become messages and messages packets. Implementations keep nothing of a connection, and all threads may use them at once.</summary>
public interface IPacketParser
{
    /// <summary>Decodes one message of a connection. Never throws on what a client sent.</summary>
    /// <param name="data">The message; nothing of it is kept, what must stay is copied.</param>
    /// <param name="binary">Whether it is a binary message.</param>
    /// <param name="pending">The packet whose attachments are still to come, kept by the caller for this connection; null between packets.</param>
    /// <param name="packet">The packet, when the status is <see cref="PacketDecodeStatus.Complete"/>; nothing before that.</param>
    /// <param name="error">What is wrong, when the status is <see cref="PacketDecodeStatus.Invalid"/>.</param>
    PacketDecodeStatus Decode(ReadOnlySpan<byte> data, bool binary, ref BinaryReconstructor? pending, out SocketPacket packet, out string? error);

    /// <summary>
    /// Encodes one packet, its attachments included, into one message for any number of connections. Binary values turn
    /// <see cref="SocketPacketType.Event"/> and <see cref="SocketPacketType.Ack"/> into their binary types.
    /// </summary>
    /// <param name="type">The type without regard to binary values.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="ackId">The number of the answer, if there is one.</param>
    /// <param name="eventName">Name of the event; null for an answer.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="offset">An extra last argument: where the packet is in the recovery log. Null for none.</param>
    /// <param name="compress">Whether the transport may compress it.</param>
    /// <param name="once">
    /// Whether it is given to one session, once, and not touched afterwards: its memory may then be used again as soon as it has left
    /// (see <see cref="OutboundMessageWriter.Build"/>).
    /// </param>
    /// <exception cref="InvalidOperationException">The JSON options do not know a type; the message says how to add it.</exception>
    OutboundMessage Encode(SocketPacketType type, string ns, long? ackId, string? eventName, PacketArguments arguments, string? offset = null, bool compress = true, bool once = false);

    /// <summary>Encodes a packet whose data is one JSON object or nothing: connect, connect_error, disconnect.</summary>
    /// <param name="type">The type.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="utf8Json">The data; empty for none.</param>
    OutboundMessage EncodeControl(SocketPacketType type, string ns, ReadOnlySpan<byte> utf8Json);
}
