using System.Text;

namespace LoadGenerator;

/// <summary>How the contract (join, publish, msg, echo) looks in a server's own protocol. What comes is told apart by its first bytes; no JSON is parsed.</summary>
internal abstract class Dialect
{
    /// <summary>Where a WebSocket is opened.</summary>
    public abstract string WebSocketPath { get; }

    /// <summary>What a client says first; empty when the server speaks first.</summary>
    public virtual ReadOnlySpan<byte> Greeting => [];

    /// <summary>What a client has to say from time to time; empty for nothing.</summary>
    public virtual ReadOnlySpan<byte> KeepAlive => [];

    /// <summary>Asks to join a room; answered.</summary>
    public abstract byte[] Join(string room);

    /// <summary>Publishes an object to the room that it names; not answered.</summary>
    public abstract byte[] Publish(string room, string json);

    /// <summary>What every member of the room gets of it.</summary>
    public abstract byte[] Delivery(string json);

    /// <summary>Asks for an object to be sent back.</summary>
    /// <param name="id">A digit that the answer has too, where the protocol knows such a thing.</param>
    /// <param name="json">The object.</param>
    public abstract byte[] Echo(int id, string json);

    /// <summary>The answer to it.</summary>
    public abstract byte[] Echoed(int id, string json);

    /// <summary>Handles one whole message of the transport.</summary>
    public abstract void OnMessage(Client client, ReadOnlySpan<byte> message);

    /// <summary>The dialect of that name.</summary>
    public static Dialect Named(string name) => name switch
    {
        "socket.io" => new SocketIODialect(),
        "signalr" => new SignalRDialect(),
        "bare" => new BareDialect(),
        _ => throw new LoadException($"There is no dialect '{name}': give socket.io, signalr or bare."),
    };

    protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
