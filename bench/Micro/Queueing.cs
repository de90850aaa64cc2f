using BenchmarkDotNet.Attributes;
using EngineIO;
using EngineIO.Transports;

namespace Micro;

/// <summary>What waits for one client: in and out again.</summary>
[MemoryDiagnoser]
public class Queueing
{
    private const int MostAtOnce = 256;

    private readonly OutboundMessage _message = OutboundMessage.Text("2[\"msg\",{\"room\":\"room0000\",\"text\":\"xxxxxxxxxxxxxxxx\"}]"u8);
    private readonly OutboundQueue _queue = new(new EngineIOOptions(), new QueueBudget(long.MaxValue), TimeProvider.System);

    /// <summary>Messages that wait at a time.</summary>
    [Params(1, 16, MostAtOnce)]
    public int Messages { get; set; }

    /// <summary>Fills the queue and empties it.</summary>
    [Benchmark]
    public int FillAndEmpty()
    {
        for (var i = 0; i < Messages; i++) _queue.TryEnqueue(_message);
        var taken = 0;
        while (_queue.Dequeue() is not null) taken++;
        return taken;
    }
}
