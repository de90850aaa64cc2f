using System.Text.Json.Serialization;

namespace SocketIOHost;

/// <summary>What the runtime says of its memory, in bytes: what a generator asks for at <c>/memory</c>.</summary>
/// <param name="Allocated">Allocated since the start, whatever has become of it.</param>
/// <param name="Heap">Managed objects, those that no longer live and have not been collected included.</param>
/// <param name="HeapAfterCollection">Managed objects after the last collection.</param>
/// <param name="Collections">Collections since the start.</param>
internal sealed record MemoryReport(long Allocated, long Heap, long HeapAfterCollection, int Collections)
{
    public static MemoryReport Now() =>
        new(GC.GetTotalAllocatedBytes(precise: true), GC.GetTotalMemory(forceFullCollection: false), GC.GetGCMemoryInfo(GCKind.Any).HeapSizeBytes, GC.CollectionCount(0));
}

/// <summary>How <see cref="MemoryReport"/> is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(MemoryReport))]
internal sealed partial class MemoryReportJson : JsonSerializerContext;
