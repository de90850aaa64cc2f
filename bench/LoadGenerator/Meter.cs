using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace LoadGenerator;

/// <summary>Processor time of the server and of this process, and what the server has allocated, over the time that counts.</summary>
internal sealed class Meter(Options options)
{
    private long _begun;
    private double _server;
    private double _packets;
    private double _generator;
    private double _stolen;
    private long _allocated;
    private long _asking;
    private Result _sum = new();

    /// <summary>Time that counts begins.</summary>
    public void Begin()
    {
        // Asked before the rest: answering is work too, and what one answer allocates is not what is measured.
        var before = ReadAllocated();
        _allocated = ReadAllocated();
        _asking = _allocated - before;
        (_server, _packets, _generator, _stolen) = ReadSeconds();
        _begun = Stopwatch.GetTimestamp();
    }

    /// <summary>Time that counts ends; several such times add up.</summary>
    public void End(long operations)
    {
        var seconds = Stopwatch.GetElapsedTime(_begun).TotalSeconds;
        var (server, packets, generator, stolen) = ReadSeconds();
        _sum = _sum with
        {
            Operations = _sum.Operations + operations,
            Seconds = _sum.Seconds + seconds,
            ServerSeconds = _sum.ServerSeconds + server - _server,
            PacketThreadSeconds = _sum.PacketThreadSeconds + packets - _packets,
            GeneratorSeconds = _sum.GeneratorSeconds + generator - _generator,
            StolenSeconds = _sum.StolenSeconds + stolen - _stolen,
            Allocated = options.ReadsMemory ? (_sum.Allocated ?? 0) + Math.Max(0, ReadAllocated() - _allocated - _asking) : null,
        };
    }

    /// <summary>All of it.</summary>
    public Result Result => _sum;

    private (double Server, double Packets, double Generator, double Stolen) ReadSeconds() =>
        (Processes.Seconds(options.Process), Processes.PacketThreadSeconds(options.Process), Processes.Seconds("self"),
            Processes.StolenSeconds(options.Process) + Processes.StolenSeconds("self"));

    private long ReadAllocated()
    {
        if (!options.ReadsMemory) return 0;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect("127.0.0.1", options.Port);
        socket.Send("GET /memory HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"u8);
        var answer = new byte[4096];
        var length = 0;
        while (length < answer.Length && socket.Receive(answer.AsSpan(length)) is var received and > 0) length += received;
        const string Key = "\"allocated\":";
        var text = Encoding.UTF8.GetString(answer, 0, length);
        var start = text.IndexOf(Key, StringComparison.Ordinal);
        if (start < 0) throw new LoadException($"the server did not tell what it has allocated: {text}");
        start += Key.Length;
        return long.Parse(text.AsSpan(start, text.AsSpan(start).IndexOfAny(",}")), CultureInfo.InvariantCulture);
    }
}
