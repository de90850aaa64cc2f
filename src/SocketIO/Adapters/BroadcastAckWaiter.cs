using SocketIO.Protocol;
using SocketIO.Server;

namespace SocketIO.Adapters;

/// <summary>Waits for the answers to one broadcast on this server. The sockets' own tables hand over each answer once.</summary>
internal sealed class BroadcastAckWaiter(long ackId, Action<EventArguments?> ack) : IAckReceiver, IDisposable
{
    // Filled by the broadcasting thread before Dispose can be called; read afterwards only.
    private readonly List<Socket> _sockets = [];

    internal long AckId => ackId;

    internal int Count => _sockets.Count;

    internal void Add(Socket socket) => _sockets.Add(socket);

    public void OnAnswer(EventArguments arguments) => ack(arguments);

    public void OnDisconnected() => ack(null);

    public void Dispose()
    {
        foreach (var socket in _sockets) socket.Forget(ackId);
    }
}
