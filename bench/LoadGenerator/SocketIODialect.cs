namespace LoadGenerator;

/// <summary>Engine.IO protocol 4 and Socket.IO protocol 5.</summary>
internal sealed class SocketIODialect : Dialect
{
    /// <inheritdoc />
    public override string WebSocketPath => "/socket.io/?EIO=4&transport=websocket";

    /// <inheritdoc />
    public override byte[] Join(string room) => Bytes($"420[\"join\",\"{room}\"]");

    /// <inheritdoc />
    public override byte[] Publish(string room, string json) => Bytes($"42[\"publish\",{json}]");

    /// <inheritdoc />
    public override byte[] Delivery(string json) => Bytes($"42[\"msg\",{json}]");

    /// <inheritdoc />
    public override byte[] Echo(int id, string json) => Bytes($"42{id}[\"echo\",{json}]");

    /// <inheritdoc />
    public override byte[] Echoed(int id, string json) => Bytes($"43{id}[{json}]");

    /// <inheritdoc />
    public override void OnMessage(Client client, ReadOnlySpan<byte> message)
    {
        switch (message)
        {
            case [(byte)'4', (byte)'2', ..]:
                client.Deliver(message);
                break;
            case [(byte)'4', (byte)'3', ..]:
                client.Answer(message);
                break;
            case [(byte)'2', ..]:
                client.Send(client.Prepare("3"u8));
                break;
            case [(byte)'0', ..]:
                client.Send(client.Prepare("40"u8));
                break;
            case [(byte)'4', (byte)'0', ..]:
                client.BecomeReady();
                break;
            default:
                Client.Refuse(message);
                break;
        }
    }
}
