using System.Buffers;
using System.Text.Json;

namespace EngineIO.Protocol;

/// <summary>The first packet of a session: type <c>open</c> with the session's id and what the client must know of the server's settings.</summary>
internal static class HandshakePacket
{
    /// <summary>Encodes it, type digit included.</summary>
    public static byte[] Encode(string sid, bool canUpgrade, EngineIOOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>(160);
        buffer.Write([(byte)PacketType.Open]);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("sid"u8, sid);
        json.WriteStartArray("upgrades"u8);
        if (canUpgrade)
            json.WriteStringValue("websocket"u8);
        json.WriteEndArray();
        json.WriteNumber("pingInterval"u8, (long)options.PingInterval.TotalMilliseconds);
        json.WriteNumber("pingTimeout"u8, (long)options.PingTimeout.TotalMilliseconds);
        json.WriteNumber("maxPayload"u8, options.MaxHttpBufferSize);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
