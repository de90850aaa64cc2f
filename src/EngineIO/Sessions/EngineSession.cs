using EngineIO.Transports;

namespace EngineIO.Sessions;

/// <summary>One client connection, as messages, over whichever transport it uses at the moment. All members are thread-safe.</summary>
public sealed class EngineSession
{
    private EngineSession() { }

    /// <summary>Its id, unguessable.</summary>
    public string Id => throw new NotImplementedException();

    /// <summary>The request that opened it.</summary>
    public EngineHandshake Handshake => throw new NotImplementedException();

    /// <summary>The transport in use.</summary>
    public EngineTransports Transport => throw new NotImplementedException();

    /// <summary>Whether it is open.</summary>
    public bool IsOpen => throw new NotImplementedException();

    /// <summary>Whether what is sent now would leave at once: the transport can write and nothing waits. What is volatile is dropped otherwise.</summary>
    public bool IsWritable => throw new NotImplementedException();

    /// <summary>Enqueues and returns; never waits for the peer. False when the session is closing or closed.</summary>
    public bool Send(OutboundMessage message) => throw new NotImplementedException();

    /// <summary>Ends the session; what is queued is sent first unless <paramref name="discard"/>. Idempotent.</summary>
    public void Close(CloseReason reason = CloseReason.ForcedClose, bool discard = false) => throw new NotImplementedException();
}
