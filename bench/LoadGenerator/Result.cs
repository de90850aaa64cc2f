using System.Text.Json.Serialization;

namespace LoadGenerator;

/// <summary>What a run tells. What a scenario does not measure is left out.</summary>
internal sealed record Result
{
    /// <summary>Deliveries, echoes or handshakes in the time that counts.</summary>
    public long Operations { get; init; }

    /// <summary>How long that was.</summary>
    public double Seconds { get; init; }

    /// <summary>Processor seconds of the server in that time.</summary>
    public double ServerSeconds { get; init; }

    /// <summary>Processor seconds in that time of the system's thread for packets on the server's processor.</summary>
    public double PacketThreadSeconds { get; init; }

    /// <summary>Processor seconds of this process in that time.</summary>
    public double GeneratorSeconds { get; init; }

    /// <summary>Seconds of that time that the machine below took from the processors of the server and of this process.</summary>
    public double StolenSeconds { get; init; }

    /// <summary>Bytes that a .NET server allocated in that time.</summary>
    public long? Allocated { get; init; }

    /// <summary>Milliseconds: of a hundred the 50th, 90th and 99th, and the longest.</summary>
    public double[]? LatencyMilliseconds { get; init; }

    /// <summary>The same after some clients have stopped reading, of the others.</summary>
    public double[]? StalledLatencyMilliseconds { get; init; }

    /// <summary>Of what was sent at a fixed rate, the share that this process was late with.</summary>
    public double? LateShare { get; init; }

    /// <summary>The same after some had stopped reading.</summary>
    public double? StalledLateShare { get; init; }

    /// <summary>The server's resident memory in KB before the connections and with them; or before clients stall and after.</summary>
    public long[]? ResidentKilobytes { get; init; }

    /// <summary>Connections that were open.</summary>
    public int Connections { get; init; }

    /// <summary>Clients that do not read, and those of them that the server has closed.</summary>
    public int[]? Stalled { get; init; }

    /// <summary>What became of clients that come and go.</summary>
    public Churned? Churned { get; init; }
}

/// <summary>What became of clients that come and go.</summary>
/// <param name="Opened">Clients that came.</param>
/// <param name="Deliveries">Messages that they got.</param>
/// <param name="FellSilent">Those of them that fell silent, each of which the server has closed.</param>
/// <param name="Lost">Those that the server closed though they had done nothing wrong.</param>
internal sealed record Churned(int Opened, long Deliveries, int FellSilent, int Lost);

/// <summary>How <see cref="Result"/> is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Result))]
internal sealed partial class ResultJson : JsonSerializerContext;
