using System.Text.Json;
using SocketIO.Server;

namespace Conformance.Host;

/// <summary>What a socket of the host does: tells its auth, sends messages back, acknowledges.</summary>
internal static class EchoSocket
{
    private static readonly JsonElement NoAuth = JsonElement.Parse("{}");

    public static void Attach(Socket socket)
    {
        socket.On("message", incoming =>
        {
            socket.Emit("message-back", incoming.Arguments);
            return ValueTask.CompletedTask;
        });
        socket.On("message-with-ack", incoming =>
        {
            incoming.Ack.Send(incoming.Arguments);
            return ValueTask.CompletedTask;
        });
        socket.Emit("auth", socket.Handshake.Auth ?? NoAuth);
    }
}
