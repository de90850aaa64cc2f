using System.Text.Json;
using EngineIO.Sessions;

namespace SocketIO.Server;

/// <summary>How a socket was opened.</summary>
public sealed class SocketHandshake
{
    internal SocketHandshake(EngineHandshake request, JsonElement? auth, DateTimeOffset time) => (Request, Auth, Time) = (request, auth, time);

    /// <summary>The HTTP request that opened the connection: headers, query, address.</summary>
    public EngineHandshake Request { get; }

    /// <summary>What the client gave as <c>auth</c>, a JSON object; null when it gave nothing.</summary>
    public JsonElement? Auth { get; }

    /// <summary>When the socket connected to its namespace.</summary>
    public DateTimeOffset Time { get; }
}
