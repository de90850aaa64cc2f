using System.Buffers.Text;
using System.Text.Json;
using System.Text.Unicode;
using EngineIO.Transports;

namespace SocketIO.Protocol;

/// <summary>
/// The default parser of Socket.IO protocol 5: a text header, JSON, and one binary message an attachment.
/// What is half-received is in the caller's <see cref="BinaryReconstructor"/>; the parser itself keeps names of events and namespaces, to give the same string again.
/// </summary>
public sealed class JsonPacketParser : IPacketParser
{
    // 2^53 - 1: what a JavaScript number can count to. A client cannot have sent more on purpose.
    private const long MaxAckId = 9_007_199_254_740_991;

    private readonly JsonSerializerOptions _json;
    private readonly PacketLimits _limits;
    private readonly NameCache _names = new();

    /// <summary>Makes a parser.</summary>
    /// <param name="json">How arguments are turned into values later.</param>
    /// <param name="limits">What a packet may be.</param>
    public JsonPacketParser(JsonSerializerOptions json, PacketLimits limits)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(limits);
        (_json, _limits) = (json, limits);
    }

    /// <inheritdoc />
    public PacketDecodeStatus Decode(ReadOnlySpan<byte> data, bool binary, ref BinaryReconstructor? pending, out SocketPacket packet, out string? error)
    {
        packet = default;
        error = null;
        if (binary)
        {
            if (pending is null)
            {
                error = "a binary message without the packet it belongs to";
                return PacketDecodeStatus.Invalid;
            }

            if (!pending.Add(data, out packet)) return PacketDecodeStatus.Incomplete;
            pending = null;
            return PacketDecodeStatus.Complete;
        }

        if (pending is not null) error = "a text message while attachments were expected";
        else if (!Utf8.IsValid(data)) error = "the text is not valid UTF-8";
        else
        {
            try
            {
                error = DecodeText(data, ref packet, ref pending);
            }
            catch (JsonException exception)
            {
                error = $"the payload is not JSON: {exception.Message}";
            }
        }

        if (error is not null) return PacketDecodeStatus.Invalid;
        return pending is null ? PacketDecodeStatus.Complete : PacketDecodeStatus.Incomplete;
    }

    private string? DecodeText(ReadOnlySpan<byte> text, ref SocketPacket packet, ref BinaryReconstructor? pending)
    {
        if (text.IsEmpty || text[0] is < (byte)'0' or > (byte)'6') return "unknown packet type";
        var type = (SocketPacketType)(text[0] - '0');
        text = text[1..];

        var attachments = 0;
        if (type is SocketPacketType.BinaryEvent or SocketPacketType.BinaryAck)
        {
            if (!Utf8Parser.TryParse(text, out attachments, out var digits) || text[0] is < (byte)'0' or > (byte)'9'
                || digits == text.Length || text[digits] != (byte)'-' || attachments == 0)
                return "illegal number of attachments";
            if (attachments > _limits.MaxAttachments) return $"more than {_limits.MaxAttachments} attachments";
            text = text[(digits + 1)..];
            type = type == SocketPacketType.BinaryEvent ? SocketPacketType.Event : SocketPacketType.Ack;
        }

        var ns = "/";
        if (!text.IsEmpty && text[0] == (byte)'/')
        {
            var end = text.IndexOf((byte)',');
            var name = end < 0 ? text : text[..end];
            if (name.Length > _limits.MaxNamespaceLength) return $"the namespace's name is longer than {_limits.MaxNamespaceLength} bytes";
            if (name.Length > 1) ns = _names.Get(name);
            text = end < 0 ? [] : text[(end + 1)..];
        }

        long? ackId = null;
        if (!text.IsEmpty && text[0] is >= (byte)'0' and <= (byte)'9')
        {
            if (!Utf8Parser.TryParse(text, out long id, out var digits) || id > MaxAckId) return "illegal ack id";
            ackId = id;
            text = text[digits..];
        }

        switch (type)
        {
            case SocketPacketType.Event:
            case SocketPacketType.Ack:
                return DecodeArguments(text, type, ns, ackId, attachments, ref packet, ref pending);
            case SocketPacketType.Disconnect when !text.IsEmpty:
                return "a disconnect packet has no payload";
            case SocketPacketType.Disconnect:
                packet = new SocketPacket(type, ns);
                return null;
            default:
                return DecodeObject(text, type, ns, ref packet);
        }
    }

    private string? DecodeArguments(
        ReadOnlySpan<byte> text, SocketPacketType type, string ns, long? ackId, int attachmentCount, ref SocketPacket packet, ref BinaryReconstructor? pending)
    {
        if (type == SocketPacketType.Ack && ackId is null) return "an ack without its id";
        if (text.IsEmpty) return "the payload is missing";
        var scanner = new ArgumentScanner(text, _limits.MaxJsonDepth, attachmentCount);
        if (scanner.Scan(type == SocketPacketType.Event ? _names : null, _limits.MaxEventNameLength, _limits.MaxArguments, out var name) is { } error) return error;
        var attachments = attachmentCount == 0 ? [] : new ReadOnlyMemory<byte>[attachmentCount];
        var whole = new SocketPacket(type, ns) { AckId = ackId, EventName = name, Arguments = scanner.Copy(attachments, _json) };
        if (attachmentCount == 0) packet = whole;
        else pending = new BinaryReconstructor(whole, attachments);
        return null;
    }

    private string? DecodeObject(ReadOnlySpan<byte> text, SocketPacketType type, string ns, ref SocketPacket packet)
    {
        JsonElement? data = null;
        if (!text.IsEmpty)
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = _limits.MaxJsonDepth });
            while (reader.Read())
            {
                var isText = reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName;
                if (isText && reader.ValueIsEscaped && ArgumentScanner.HasLoneSurrogate(reader.ValueSpan)) return "the payload is not valid Unicode";
            }

            reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = _limits.MaxJsonDepth });
            var value = JsonElement.ParseValue(ref reader);
            if (value.ValueKind != JsonValueKind.Object) return "the payload is not an object";
            data = value;
        }

        packet = new SocketPacket(type, ns) { Data = data };
        return null;
    }

    /// <inheritdoc />
    public OutboundMessage Encode(
        SocketPacketType type, string ns, long? ackId, string? eventName, PacketArguments arguments, string? offset = null, bool compress = true, bool once = false)
    {
        var encoder = PacketEncoder.Rent();
        try
        {
            return encoder.Encode(type, ns, ackId, eventName, arguments, offset, compress, once);
        }
        finally
        {
            PacketEncoder.Return(encoder);
        }
    }

    /// <inheritdoc />
    public OutboundMessage EncodeControl(SocketPacketType type, string ns, ReadOnlySpan<byte> utf8Json)
    {
        var encoder = PacketEncoder.Rent();
        try
        {
            return encoder.EncodeControl(type, ns, utf8Json);
        }
        finally
        {
            PacketEncoder.Return(encoder);
        }
    }
}
