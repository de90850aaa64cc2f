using System.Text;
using BenchmarkDotNet.Attributes;
using SocketIO.Protocol;

namespace Micro;

/// <summary>One event to a room of a thousand, encoded once and written to each by the emitting thread; figures are for one member.</summary>
[MemoryDiagnoser]
public class FanOut
{
    private const int Members = 1000;

    private SocketIOClients _clients = null!;
    private EventArguments _arguments = EventArguments.Empty;

    /// <summary>Connects the members.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _clients = new SocketIOClients(Members, socket => socket.Join("room0000"));
        _arguments = EventArguments.Parse(Encoding.UTF8.GetBytes("[{\"room\":\"room0000\",\"text\":\"xxxxxxxxxxxxxxxx\"}]"), _clients.Server.Options.Json);
        var before = Writes();
        _clients.Server.To("room0000").Emit("msg", _arguments);
        if (Writes() - before != Members) throw new InvalidOperationException($"Of {Members} members {Writes() - before} got the event.");
    }

    /// <summary>Lets them go.</summary>
    [GlobalCleanup]
    public Task CleanUp() => _clients.CloseAsync();

    /// <summary>One event to everybody.</summary>
    [Benchmark(OperationsPerInvoke = Members)]
    public void Emit() => _clients.Server.To("room0000").Emit("msg", _arguments);

    private long Writes() => _clients.Streams.Sum(stream => stream.Writes);
}
