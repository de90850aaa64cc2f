using SignalR;
using SocketIOHost;

var arguments = HostArguments.Parse(args);
var builder = WebApplication.CreateSlimBuilder();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(arguments.Port));
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddSignalR();
await using var app = builder.Build();
app.MapHub<RoomHub>("/hub");
app.MapGet("/memory", static (HttpContext context) => context.Response.WriteAsJsonAsync(MemoryReport.Now(), MemoryReportJson.Default.MemoryReport));
await app.StartAsync();
Console.WriteLine($"Listening on port {arguments.Port}");
await app.WaitForShutdownAsync();
