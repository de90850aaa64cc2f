using System.Text.Json;
using System.Text.Json.Serialization;
using Chatpulse.Server.Chat;

namespace Chatpulse.Server.Rest;

/// <summary>Writes the newest message of a thread, and where there is none the few empty fields that front ends read without looking.</summary>
internal sealed class LastMessageConverter : JsonConverter<RestMessage?>
{
    public override bool HandleNull => true;

    public override RestMessage? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Threads are only written.");

    public override void Write(Utf8JsonWriter writer, RestMessage? value, JsonSerializerOptions options)
    {
        if (value is not null)
        {
            JsonSerializer.Serialize(writer, value, ChatJsonContext.Default.RestMessage);
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("content"u8, "");
        writer.WriteString("created_at"u8, "");
        writer.WriteNull("sender_id"u8);
        writer.WriteString("sender_name"u8, "");
        writer.WriteEndObject();
    }
}
