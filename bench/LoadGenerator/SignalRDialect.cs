namespace LoadGenerator;

/// <summary>SignalR's JSON hub protocol over WebSocket without negotiation: records that end with a separator, several in a message or one in several.</summary>
internal sealed class SignalRDialect : Dialect
{
    private const byte Separator = 0x1e;
    private const int TypeAt = 8;

    /// <inheritdoc />
    public override string WebSocketPath => "/hub";

    /// <inheritdoc />
    public override ReadOnlySpan<byte> Greeting => "{\"protocol\":\"json\",\"version\":1}\u001e"u8;

    /// <inheritdoc />
    public override ReadOnlySpan<byte> KeepAlive => "{\"type\":6}\u001e"u8;

    /// <inheritdoc />
    public override byte[] Join(string room) => Call("Join", $"\"{room}\"", id: 0);

    /// <inheritdoc />
    public override byte[] Publish(string room, string json) => Call("Publish", json, id: null);

    /// <inheritdoc />
    public override byte[] Delivery(string json) => Bytes($"{{\"type\":1,\"target\":\"msg\",\"arguments\":[{json}]}}");

    /// <inheritdoc />
    public override byte[] Echo(int id, string json) => Call("Echo", json, id);

    /// <inheritdoc />
    public override byte[] Echoed(int id, string json) => Bytes($"{{\"type\":3,\"invocationId\":\"{id}\",\"result\":{json}}}");

    /// <inheritdoc />
    public override void OnMessage(Client client, ReadOnlySpan<byte> message)
    {
        while (message.IndexOf(Separator) is var end and >= 0)
        {
            OnRecord(client, message[..end]);
            message = message[(end + 1)..];
        }
    }

    private static void OnRecord(Client client, ReadOnlySpan<byte> record)
    {
        switch (record.Length > TypeAt ? record[TypeAt] : 0)
        {
            case '1':
                client.Deliver(record);
                break;
            case '3' when record.IndexOf("\"error\""u8) < 0:
                client.Answer(record);
                break;
            case '6':
                break;
            default:
                if (record.SequenceEqual("{}"u8)) client.BecomeReady();
                else Client.Refuse(record);
                break;
        }
    }

    private static byte[] Call(string method, string argument, int? id) =>
        Bytes($"{{\"type\":1,{(id is null ? "" : $"\"invocationId\":\"{id}\",")}\"target\":\"{method}\",\"arguments\":[{argument}]}}\u001e");
}
