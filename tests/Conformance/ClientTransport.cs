namespace Conformance;

/// <summary>How a client reaches the server.</summary>
public enum ClientTransport
{
    WebSocket,
    Polling,
    Upgrade,
}
