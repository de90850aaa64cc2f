using SocketIO.Adapters;

namespace SocketIO.Server;

/// <summary>A socket of this or another server, as it was when it was fetched.</summary>
public sealed class RemoteSocket
{
    private readonly Namespace _namespace;

    /// <summary>Describes a socket; for adapters.</summary>
    /// <param name="ns">Its namespace on this server.</param>
    /// <param name="id">Its id.</param>
    /// <param name="rooms">The rooms it is in.</param>
    /// <param name="data">What its server keeps with it.</param>
    public RemoteSocket(Namespace ns, string id, IReadOnlyCollection<string> rooms, object? data) => (_namespace, Id, Rooms, Data) = (ns, id, rooms, data);

    /// <summary>Its id.</summary>
    public string Id { get; }

    /// <summary>The rooms it was in.</summary>
    public IReadOnlyCollection<string> Rooms { get; }

    /// <summary><see cref="Socket.Data"/>, the object itself for a socket of this server.</summary>
    public object? Data { get; }

    /// <summary>Makes it join rooms.</summary>
    public void Join(params ReadOnlySpan<string> rooms) => Target.SocketsJoin(rooms);

    /// <summary>Makes it leave rooms.</summary>
    public void Leave(params ReadOnlySpan<string> rooms) => Target.SocketsLeave(rooms);

    /// <summary>Sends it an event with one argument. Enqueues and returns.</summary>
    public void Emit<T>(string eventName, T value) => Target.Emit(eventName, value);

    /// <summary>Disconnects it.</summary>
    public void Disconnect(bool closeConnection = false) => Target.DisconnectSockets(closeConnection);

    private BroadcastOperator Target => new(_namespace, new BroadcastOptions { Rooms = [Id] });
}
