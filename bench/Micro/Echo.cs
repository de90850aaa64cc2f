using BenchmarkDotNet.Attributes;

namespace Micro;

/// <summary>An event that asks for an answer, from the bytes of its frame to the write of the answer.</summary>
[MemoryDiagnoser]
public class Echo
{
    private readonly byte[] _question = SocketIOClients.Frame("420[\"echo\",{\"room\":\"room0000\",\"text\":\"xxxxxxxxxxxxxxxxxxxxxxxxxx\"}]"u8);
    private SocketIOClients _clients = null!;

    /// <summary>Connects one client.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _clients = new SocketIOClients(1, socket => socket.On("echo", incoming =>
        {
            incoming.Ack.Send(incoming.Arguments);
            return ValueTask.CompletedTask;
        }));
        var before = _clients.Streams[0].Writes;
        Ask();
        if (_clients.Streams[0].Writes != before + 1) throw new InvalidOperationException("The echo did not come back.");
    }

    /// <summary>Lets it go.</summary>
    [GlobalCleanup]
    public Task CleanUp() => _clients.CloseAsync();

    /// <summary>One echo.</summary>
    [Benchmark]
    public void Ask() => _clients.Streams[0].Feed(_question);
}
