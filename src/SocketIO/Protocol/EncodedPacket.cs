using System.Text.Json;
using EngineIO.Transports;

namespace SocketIO.Protocol;

/// <summary>
/// An event on its way to many sockets: encoded when the first of them is there, once, and the same bytes for all.
/// Belongs to the thread that broadcasts it until the adapter returns.
/// </summary>
public sealed class EncodedPacket
{
    private readonly IPacketParser _parser;
    private readonly JsonSerializerOptions _json;
    private readonly PacketArguments _values;
    private OutboundMessage? _message;
    private EventArguments? _arguments;

    internal EncodedPacket(IPacketParser parser, JsonSerializerOptions json, string ns, string eventName, PacketArguments values, bool compress, long? ackId = null)
    {
        (_parser, _json, _values) = (parser, json, values);
        (Namespace, EventName, Compress, AckId) = (ns, eventName, compress, ackId);
    }

    /// <summary>The namespace it is for.</summary>
    public string Namespace { get; }

    /// <summary>Name of the event.</summary>
    public string EventName { get; }

    /// <summary>The number that answers carry; null when none is wanted.</summary>
    public long? AckId { get; }

    /// <summary>Whether the transport may compress it.</summary>
    public bool Compress { get; }

    /// <summary>Where it is in the recovery log: an extra last argument for clients. Set by the adapter before the first use of <see cref="Message"/>.</summary>
    public string? Offset { get; set; }

    /// <summary>The arguments as a receiver will see them, without the offset. Serialized when first asked for: ask before the broadcast returns.</summary>
    public EventArguments Arguments => _arguments ??= EventArguments.From(_values, _json);

    /// <summary>The bytes. Encoded when first asked for: ask before the broadcast returns.</summary>
    public OutboundMessage Message =>
        _message ??= _parser.Encode(SocketPacketType.Event, Namespace, AckId, EventName, _arguments ?? _values, Offset, Compress);

    /// <summary>The same event for those who are not asked for an answer.</summary>
    internal EncodedPacket WithoutAck(string offset) => new(_parser, _json, Namespace, EventName, _values, Compress) { Offset = offset };
}
