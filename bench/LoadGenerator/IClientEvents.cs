namespace LoadGenerator;

/// <summary>What happens to clients, as the scenario under way needs to know it.</summary>
internal interface IClientEvents
{
    /// <summary>It has completed the handshake: of a Socket.IO server, joined the namespace.</summary>
    void OnReady(Client client);

    /// <summary>A message published to its room has come.</summary>
    void OnDelivery(Client client, ReadOnlySpan<byte> message);

    /// <summary>What it asked for (join, echo) has been answered.</summary>
    void OnAnswer(Client client, ReadOnlySpan<byte> message);

    /// <summary>Its connection has ended without its wish.</summary>
    void OnLost(Client client, string why);
}
