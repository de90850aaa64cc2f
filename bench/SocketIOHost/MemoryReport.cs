using System.Text.Json.Serialization;

namespace SocketIOHost;

/// <summary>What the runtime says of its memory, in bytes: what a generator asks for at <c>/memory</c>.</summary>
/// <param name="Allocated">Allocated since the start, whatever has become of it.</param>
/// <param name="Heap">Managed objects, those that no longer live and have not been collected included.</param>
/// <param name="Collections">Collections since the start.</param>
internal sealed record MemoryReport(long Allocated, long Heap, int Collections)
{
    /// <param name="collect">Whether all that no longer lives is collected first.</param>
    public static MemoryReport Now(bool collect = false) =>
        new(GC.GetTotalAllocatedBytes(precise: true), GC.GetTotalMemory(forceFullCollection: collect), GC.CollectionCount(0));
}

/// <summary>How <see cref="MemoryReport"/> is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(MemoryReport))]
internal sealed partial class MemoryReportJson : JsonSerializerContext;
