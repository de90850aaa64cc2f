using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using KestrelWebSocket;
using SocketIOHost;

// The platform with its default settings: no protocol above WebSocket. A message is a letter and what belongs to it: c, answered c, opens; j and a room joins,
// answered j; p, a room, a line feed and an object sends m and the object to the room; e and an object sends the same back.
var arguments = HostArguments.Parse(args);
var builder = WebApplication.CreateSlimBuilder();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(arguments.Port));
builder.Logging.SetMinimumLevel(LogLevel.Warning);
await using var app = builder.Build();
var rooms = new ConcurrentDictionary<string, ConcurrentDictionary<Member, bool>>(StringComparer.Ordinal);
app.UseWebSockets();
app.MapGet("/memory", static (HttpContext context) => context.Response.WriteAsJsonAsync(MemoryReport.Now(), MemoryReportJson.Default.MemoryReport));
app.MapGet("/", ServeAsync);
await app.StartAsync();
Console.WriteLine($"Listening on port {arguments.Port}");
await app.WaitForShutdownAsync();

async Task ServeAsync(HttpContext context)
{
    if (!context.WebSockets.IsWebSocketRequest) return;
    using var socket = await context.WebSockets.AcceptWebSocketAsync();
    var member = new Member(socket);
    var joined = new List<string>();
    var buffer = new byte[1024];
    try
    {
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult received;
            do
            {
                if (length == buffer.Length) Array.Resize(ref buffer, 2 * length);
                received = await socket.ReceiveAsync(buffer.AsMemory(length), context.RequestAborted);
                length += received.Count;
            }
            while (!received.EndOfMessage);
            if (received.MessageType == WebSocketMessageType.Close) return;
            Handle(member, joined, buffer.AsSpan(0, length));
        }
    }
    catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
    {
        // Gone without a close frame.
    }
    finally
    {
        foreach (var room in joined) rooms[room].TryRemove(member, out _);
    }
}

void Handle(Member member, List<string> joined, ReadOnlySpan<byte> message)
{
    switch (message)
    {
        case [(byte)'c']:
            member.Send("c"u8.ToArray());
            break;
        case [(byte)'j', .. var name]:
            var joining = Encoding.UTF8.GetString(name);
            rooms.GetOrAdd(joining, _ => new()).TryAdd(member, true);
            joined.Add(joining);
            member.Send("j"u8.ToArray());
            break;
        case [(byte)'p', ..]:
            var end = message.IndexOf((byte)'\n');
            byte[] delivery = [(byte)'m', .. message[(end + 1)..]];
            foreach (var (other, _) in rooms[Encoding.UTF8.GetString(message[1..end])]) other.Send(delivery);
            break;
        case [(byte)'e', ..]:
            member.Send(message.ToArray());
            break;
    }
}
