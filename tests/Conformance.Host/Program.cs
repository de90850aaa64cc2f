using EngineIO.Epoll;
using Conformance.Host;
using EngineIO;
using EngineIO.Sessions;
using SocketIO;
using SocketIO.Server;

// The server that protocol suites written by others are run on; what they expect of it is in docs/conformance.md.
var arguments = HostArguments.Parse(args);
var builder = WebApplication.CreateSlimBuilder();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(arguments.Port));
if (Environment.GetEnvironmentVariable("TEST_TRANSPORT") is "epoll") builder.WebHost.UseEpollTransport(epoll => epoll.DirectUpgrades = true);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddSocketIO(options =>
{
    ProtocolSuiteSettings.Apply(options.Engine, arguments.PingTimeout);
    options.ConnectTimeout = TimeSpan.FromSeconds(1);
});
await using var app = builder.Build();

var io = app.Services.GetRequiredService<SocketIOServer>();
io.OnConnection(EchoSocket.Attach);
io.Of("/custom").OnConnection(EchoSocket.Attach);
app.MapSocketIO("/socket.io");

var engineOptions = new EngineIOOptions();
ProtocolSuiteSettings.Apply(engineOptions, arguments.PingTimeout);
await using var engine = new EngineServer(engineOptions, new EchoApplication(), app.Services.GetRequiredService<ILoggerFactory>(), TimeProvider.System);
app.MapEngineIO("/engine.io", engine);

await app.StartAsync();
Console.WriteLine($"Listening on port {arguments.Port}: Socket.IO at /socket.io/ (namespaces / and /custom), Engine.IO at /engine.io/");
await app.WaitForShutdownAsync();
