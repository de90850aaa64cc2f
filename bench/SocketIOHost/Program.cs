using EngineIO.Epoll;
using SocketIO;
using SocketIO.Server;
using SocketIOHost;

// This server's side of the benchmark; the peers do the same in bench/peers.
var arguments = HostArguments.Parse(args);
var builder = WebApplication.CreateSlimBuilder();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(arguments.Port));
if (arguments.Epoll) builder.WebHost.UseEpollTransport(epoll => (epoll.RequestsOnLoop, epoll.DirectUpgrades, epoll.IoUring) = (true, true, arguments.IoUring));

// The event loops say at that level when the system gives no io_uring: a report tells it.
builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("EngineIO.Epoll", LogLevel.Information);
builder.Services.AddSocketIO(options => options.Json.TypeInfoResolverChain.Add(PublishedMessageJson.Default));
await using var app = builder.Build();

var io = app.Services.GetRequiredService<SocketIOServer>();
io.OnConnection(socket =>
{
    socket.On<string>("join", (room, ack) =>
    {
        socket.Join(room);
        ack.Send();
    });
    socket.On("publish", incoming =>
    {
        io.To(incoming.Arguments.Get<PublishedMessage>(0).Room).Emit("msg", incoming.Arguments);
        return ValueTask.CompletedTask;
    });
    socket.On("echo", incoming =>
    {
        incoming.Ack.Send(incoming.Arguments);
        return ValueTask.CompletedTask;
    });
});
app.MapSocketIO("/socket.io");

// For the generator alone, beside the contract.
app.MapGet("/memory", static (HttpContext context) => context.Response.WriteAsJsonAsync(MemoryReport.Now(context.Request.Query.ContainsKey("collect")), MemoryReportJson.Default.MemoryReport));

await app.StartAsync();
Console.WriteLine($"Listening on port {arguments.Port}");
await app.WaitForShutdownAsync();
