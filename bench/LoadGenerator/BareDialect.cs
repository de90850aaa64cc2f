namespace LoadGenerator;

/// <summary>The bare WebSocket's: a letter, and what belongs to it.</summary>
internal sealed class BareDialect : Dialect
{
    /// <inheritdoc />
    public override string WebSocketPath => "/";

    /// <inheritdoc />
    public override ReadOnlySpan<byte> Greeting => "c"u8;

    /// <inheritdoc />
    public override byte[] Join(string room) => Bytes($"j{room}");

    /// <inheritdoc />
    public override byte[] Publish(string room, string json) => Bytes($"p{room}\n{json}");

    /// <inheritdoc />
    public override byte[] Delivery(string json) => Bytes($"m{json}");

    /// <inheritdoc />
    public override byte[] Echo(int id, string json) => Bytes($"e{json}");

    /// <inheritdoc />
    public override byte[] Echoed(int id, string json) => Echo(id, json);

    /// <inheritdoc />
    public override void OnMessage(Client client, ReadOnlySpan<byte> message)
    {
        switch (message)
        {
            case [(byte)'m', ..]:
                client.Deliver(message);
                break;
            case [(byte)'e' or (byte)'j', ..]:
                client.Answer(message);
                break;
            case [(byte)'c']:
                client.BecomeReady();
                break;
            default:
                Client.Refuse(message);
                break;
        }
    }
}
