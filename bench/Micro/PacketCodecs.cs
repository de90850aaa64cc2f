using System.Text;
using BenchmarkDotNet.Attributes;
using EngineIO.Transports;
using SocketIO;
using SocketIO.Protocol;

namespace Micro;

/// <summary>Packets to bytes and back.</summary>
[MemoryDiagnoser]
public class PacketCodecs
{
    private readonly JsonPacketParser _parser;
    private readonly SocketIOOptions _options = new();
    private byte[] _event = [];
    private EventArguments _arguments = EventArguments.Empty;

    /// <summary>Makes the parser.</summary>
    public PacketCodecs() => _parser = new JsonPacketParser(_options.Json, _options.Packets);

    /// <summary>Bytes of text in the event's argument.</summary>
    [Params(16, 1024, 16_384)]
    public int Text { get; set; }

    /// <summary>Makes what is encoded and decoded.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var argument = $"{{\"room\":\"room0000\",\"text\":\"{new string('x', Text)}\"}}";
        _event = Encoding.UTF8.GetBytes($"20[\"publish\",{argument}]");
        _arguments = EventArguments.Parse(Encoding.UTF8.GetBytes($"[{argument}]"), _options.Json);
    }

    /// <summary>From bytes to an event, its arguments left as JSON.</summary>
    [Benchmark]
    public SocketPacket Decode()
    {
        BinaryReconstructor? pending = null;
        _parser.Decode(_event, binary: false, ref pending, out var packet, out _);
        return packet;
    }

    /// <summary>From arguments as they came to the frames of all recipients.</summary>
    [Benchmark]
    public OutboundMessage Encode() => _parser.Encode(SocketPacketType.Event, "/", null, "msg", _arguments);
}
