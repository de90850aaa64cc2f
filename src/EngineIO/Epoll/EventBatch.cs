using System.Runtime.InteropServices;

namespace EngineIO.Epoll;

/// <summary>What one wait has brought. Each event is taken once, by whichever thread comes for it first.</summary>
/// <remarks>
/// Threading: its thread fills it while nobody else takes from it; any thread takes. The array is pinned, since the system writes to it while the thread waits.
/// </remarks>
internal sealed unsafe class EventBatch
{
    public const int Capacity = 256;

    /// <summary>Waits for as long as it takes.</summary>
    public const int NoTimeout = -1;

    // The structure is packed on x64 alone.
    private static readonly int Size = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = Size - sizeof(ulong);

    private readonly byte[] _happenings = GC.AllocateUninitializedArray<byte>(Capacity * Size, pinned: true);
    private int _count;
    private int _next;

    /// <summary>Waits for events, and takes note of how many there are. -1 when the wait failed.</summary>
    public int Wait(int epoll, int timeoutMilliseconds)
    {
        int count;
        fixed (byte* pointer = _happenings)
            count = Libc.EpollWait(epoll, pointer, Capacity, timeoutMilliseconds);
        _next = 0;
        _count = Math.Max(count, 0);
        return count;
    }

    /// <summary>Takes the next event. False when there is none left.</summary>
    public bool TryTake(out uint events, out ulong token)
    {
        var at = Interlocked.Increment(ref _next) - 1;
        if (at >= _count)
        {
            (events, token) = (0, 0);
            return false;
        }

        var happening = _happenings.AsSpan(at * Size, Size);
        events = MemoryMarshal.Read<uint>(happening);
        token = MemoryMarshal.Read<ulong>(happening[DataOffset..]);
        return true;
    }

    /// <summary>Puts a file among those that are waited for.</summary>
    public static int Add(int epoll, int file, uint events, ulong token)
    {
        Span<byte> happening = stackalloc byte[Size];
        MemoryMarshal.Write(happening, events);
        MemoryMarshal.Write(happening[DataOffset..], token);
        fixed (byte* pointer = happening)
            return Libc.EpollControl(epoll, Libc.EpollCtlAdd, file, pointer);
    }
}
