using System.Text.Json;

namespace SocketIO.Protocol;

/// <summary>
/// The attachments of the packet that this thread is encoding or decoding. A JSON converter has no other way to reach
/// them; serializing never leaves its thread, so a thread-static slot, put back by the one who set it, is enough.
/// </summary>
internal static class AttachmentScope
{
    [ThreadStatic]
    internal static List<ReadOnlyMemory<byte>>? Outgoing;

    [ThreadStatic]
    internal static ReadOnlyMemory<byte>[]? Incoming;

    private static readonly JsonEncodedText PlaceholderName = JsonEncodedText.Encode("_placeholder");
    private static readonly JsonEncodedText NumberName = JsonEncodedText.Encode("num");

    internal static void Write(Utf8JsonWriter writer, ReadOnlyMemory<byte> value)
    {
        if (Outgoing is not { } attachments)
        {
            writer.WriteBase64StringValue(value.Span);
            return;
        }

        writer.WriteStartObject();
        writer.WriteBoolean(PlaceholderName, true);
        writer.WriteNumber(NumberName, attachments.Count);
        writer.WriteEndObject();
        attachments.Add(value);
    }

    internal static ReadOnlyMemory<byte> Read(ref Utf8JsonReader reader)
    {
        // Base64 text is taken too: a client without binary support has nothing else to send.
        if (reader.TokenType == JsonTokenType.String && reader.TryGetBytesFromBase64(out var bytes)) return bytes;
        if (reader.TokenType != JsonTokenType.StartObject || Incoming is not { } attachments) throw new JsonException("binary data was expected");
        var placeholder = false;
        var number = -1;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(PlaceholderName.EncodedUtf8Bytes))
            {
                reader.Read();
                placeholder = reader.TokenType == JsonTokenType.True;
            }
            else if (reader.ValueTextEquals(NumberName.EncodedUtf8Bytes))
            {
                reader.Read();
                if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out number)) number = -1;
            }
            else
            {
                reader.Read();
            }

            reader.Skip();
        }

        return placeholder && (uint)number < (uint)attachments.Length ? attachments[number] : throw new JsonException("binary data was expected");
    }
}
