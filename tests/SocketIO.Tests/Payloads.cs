using System.Text.Json.Serialization;

namespace SocketIO.Tests;

public sealed record Greeting(string Name, int Times = 1, string? Note = null);

public sealed record Upload(string Name, byte[] Content);

public sealed record Unregistered(int Value);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Greeting))]
[JsonSerializable(typeof(Upload))]
internal sealed partial class PayloadsContext : JsonSerializerContext;
