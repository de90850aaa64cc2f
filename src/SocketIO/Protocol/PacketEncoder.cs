using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using EngineIO.Transports;

namespace SocketIO.Protocol;

/// <summary>
/// Writes one packet after the other straight into an <see cref="OutboundMessageWriter"/>. One is kept a thread; it is taken
/// out while in use, so that a converter that emits while it is serialized gets another one instead of this one's half-written packet.
/// </summary>
#pragma warning disable CA1001 // The writer lives as long as its thread and writes to memory: there is nothing to dispose of.
internal sealed class PacketEncoder
#pragma warning restore CA1001
{
    [ThreadStatic]
    private static PacketEncoder? _idle;

    private readonly OutboundMessageWriter _message = new();
    private readonly Utf8JsonWriter _json;
    private readonly List<ReadOnlyMemory<byte>> _attachments = [];

    private PacketEncoder() =>
        _json = new Utf8JsonWriter(_message, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });

    internal static PacketEncoder Rent()
    {
        var encoder = _idle ?? new PacketEncoder();
        _idle = null;
        return encoder;
    }

    internal static void Return(PacketEncoder encoder) => _idle = encoder;

    internal OutboundMessage Encode(
        SocketPacketType type, string ns, long? ackId, string? eventName, PacketArguments arguments, string? offset, bool compress, bool once)
    {
        var outer = AttachmentScope.Outgoing;
        AttachmentScope.Outgoing = _attachments;
        try
        {
            WriteText(type, 0, ns, ackId, eventName, arguments, offset);
            if (_attachments.Count > 0)
            {
                // The header says how many attachments follow, and only serializing tells. The JSON of a binary packet is
                // small, so it is written a second time rather than every packet copied from a buffer in between.
                var count = _attachments.Count;
                _attachments.Clear();
                _message.Reset();
                var binaryType = type == SocketPacketType.Event ? SocketPacketType.BinaryEvent : SocketPacketType.BinaryAck;
                WriteText(binaryType, count, ns, ackId, eventName, arguments, offset);
                if (_attachments.Count != count) throw new InvalidOperationException("The value changed while it was being encoded.");
                foreach (var attachment in _attachments)
                {
                    _message.BeginBinary();
                    _message.Write(attachment.Span);
                }
            }

            return _message.Build(compress, once);
        }
        catch
        {
            _json.Reset();
            _message.Reset();
            throw;
        }
        finally
        {
            _attachments.Clear();
            AttachmentScope.Outgoing = outer;
        }
    }

    internal OutboundMessage EncodeControl(SocketPacketType type, string ns, ReadOnlySpan<byte> utf8Json)
    {
        _message.BeginText();
        WriteHeader(type, 0, ns, null);
        _message.Write(utf8Json);
        return _message.Build();
    }

    private void WriteText(
        SocketPacketType type, int attachments, string ns, long? ackId, string? eventName, PacketArguments arguments, string? offset)
    {
        _message.BeginText();
        WriteHeader(type, attachments, ns, ackId);
        if (eventName is null && offset is null && arguments is EventArguments received)
        {
            // An answer with what came from somewhere: there is nothing to serialize.
            received.CopyTo(_message);
            return;
        }

        _json.Reset(_message);
        _json.WriteStartArray();
        if (eventName is not null) _json.WriteStringValue(eventName);
        arguments.WriteTo(_json);
        if (offset is not null) _json.WriteStringValue(offset);
        _json.WriteEndArray();
        _json.Flush();
    }

    private void WriteHeader(SocketPacketType type, int attachments, string ns, long? ackId)
    {
        const int Digits = 20;
        var span = _message.GetSpan(2 * Digits + 3 + Encoding.UTF8.GetMaxByteCount(ns.Length));
        var length = 0;
        span[length++] = (byte)('0' + (int)type);
        if (attachments > 0)
        {
            Utf8Formatter.TryFormat(attachments, span[length..], out var written);
            length += written;
            span[length++] = (byte)'-';
        }

        if (ns.Length > 1)
        {
            length += Encoding.UTF8.GetBytes(ns, span[length..]);
            span[length++] = (byte)',';
        }

        if (ackId is { } id)
        {
            Utf8Formatter.TryFormat(id, span[length..], out var written);
            length += written;
        }

        _message.Advance(length);
    }
}
