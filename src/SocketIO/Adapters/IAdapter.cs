using EngineIO.Transports;
using SocketIO.Protocol;
using SocketIO.Server;

namespace SocketIO.Adapters;

/// <summary>
/// Which sockets of one namespace are in which rooms, and how a broadcast reaches them, on this server and on others. The
/// methods are the official adapter's. All members are called by any thread, at any time; none waits for a client.
/// </summary>
public interface IAdapter
{
    /// <summary>A room got its first socket. Listeners of this and the other events must not wait: the thread that joins or leaves calls them. What they throw is logged.</summary>
    event EventHandler<RoomEventArgs>? RoomCreated;

    /// <summary>A room lost its last socket.</summary>
    event EventHandler<RoomEventArgs>? RoomDeleted;

    /// <summary>A socket joined a room.</summary>
    event EventHandler<RoomEventArgs>? RoomJoined;

    /// <summary>A socket left a room.</summary>
    event EventHandler<RoomEventArgs>? RoomLeft;

    /// <summary>Starts; called once, before any other member.</summary>
    void Init();

    /// <summary>Stops; called once. Completes when what the adapter opened is closed.</summary>
    ValueTask CloseAsync();

    /// <summary>How many servers take part, this one included.</summary>
    ValueTask<int> ServerCount(CancellationToken cancellationToken = default);

    /// <summary>Puts a socket of this server into rooms. Does nothing for a socket that has been disconnected.</summary>
    void AddAll(Socket socket, params ReadOnlySpan<string> rooms);

    /// <summary>Takes a socket of this server out of a room.</summary>
    void Del(Socket socket, string room);

    /// <summary>Takes a socket of this server out of every room, and forgets it.</summary>
    void DelAll(Socket socket);

    /// <summary>
    /// Enqueues a packet to all who are meant and returns; waits for nobody. One with an <see cref="EncodedPacket.AckId"/> asks the sockets of this server,
    /// whose answers the namespace hands on; to other servers it goes without the number, which is another event's there.
    /// </summary>
    void Broadcast(EncodedPacket packet, in BroadcastOptions options);

    /// <summary>The same for a packet with an <see cref="EncodedPacket.AckId"/> that is answered by everybody or not at all.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="options">Who is meant.</param>
    /// <param name="clientCount">Told, once for each server, how many sockets there will answer.</param>
    /// <param name="ack">Told of each answer; null for a socket that went before it answered. Called by any thread.</param>
    /// <returns>Disposed when no more answers are wanted: what waits for them is forgotten.</returns>
    IDisposable BroadcastWithAck(EncodedPacket packet, in BroadcastOptions options, Action<int> clientCount, Action<EventArguments?> ack);

    /// <summary>Ids of this server's sockets in any of the rooms; of all sockets when none is named.</summary>
    IReadOnlySet<string> Sockets(params ReadOnlySpan<string> rooms);

    /// <summary>The rooms of a socket of this server; null when it is not known. A snapshot.</summary>
    IReadOnlySet<string>? SocketRooms(string id);

    /// <summary>The sockets that are meant, on every server.</summary>
    ValueTask<IReadOnlyList<RemoteSocket>> FetchSockets(BroadcastOptions options, CancellationToken cancellationToken = default);

    /// <summary>Makes those who are meant join rooms.</summary>
    void AddSockets(in BroadcastOptions options, params ReadOnlySpan<string> rooms);

    /// <summary>Makes those who are meant leave rooms.</summary>
    void DelSockets(in BroadcastOptions options, params ReadOnlySpan<string> rooms);

    /// <summary>Disconnects those who are meant.</summary>
    void DisconnectSockets(in BroadcastOptions options, bool closeConnection);

    /// <summary>Sends an event to the same namespace on the other servers; where there are none, to nobody.</summary>
    void ServerSideEmit(string eventName, EventArguments arguments);

    /// <summary>The same, and each server's answer. Completes at the latest after <paramref name="timeout"/>, with what came by then.</summary>
    Task<IReadOnlyList<EventArguments>> ServerSideEmitWithAck(string eventName, EventArguments arguments, TimeSpan timeout, CancellationToken cancellationToken = default);

    /// <summary>Keeps the session of a socket that lost its connection. An adapter without recovery does nothing.</summary>
    void PersistSession(PersistedSession session);

    /// <summary>
    /// Gives back a kept session, and no longer keeps it; null when it is not there, is too old, or when anything that was sent
    /// since <paramref name="offset"/> is no longer there: recovery is complete or refused.
    /// </summary>
    ValueTask<PersistedSession?> RestoreSession(string pid, string offset, CancellationToken cancellationToken = default);

    /// <summary>
    /// Puts a socket into its own room and the rooms of its session, and gives what it has missed, oldest first. To a broadcast
    /// the two are one: it is among what was missed, or it finds the socket in its rooms, never both and never neither. Null,
    /// and no room joined, when anything it missed has gone since the session was given back.
    /// </summary>
    IReadOnlyList<OutboundMessage>? JoinRestored(Socket socket, PersistedSession session, string offset);
}
