using EngineIO.Epoll;

namespace EngineIO.Transports;

/// <content>Messages for one session, whose memory is used again as soon as they have left.</content>
public sealed partial class OutboundMessage
{
    /// <summary>Longest message that is used again, in bytes.</summary>
    internal const int MaxRecycledLength = 256;

    // A round of an event loop puts off about one answer for each event that it has.
    private const int KeptMessages = EventBatch.Capacity;

    private const int FramesUnit = 64;

    // A thread's own: a loop writes what it has encoded itself.
    [ThreadStatic]
    private static Stack<OutboundMessage>? _idle;

    private bool _recycles;

    /// <summary>A message of one packet, to be filled by the caller and sent once.</summary>
    /// <param name="length">Its length, frame header included.</param>
    /// <param name="packet">Where its packet will be.</param>
    /// <param name="compress">What <see cref="Compress"/> is.</param>
    /// <param name="frames">What is to be filled.</param>
    internal static OutboundMessage Rent(int length, PacketSlice packet, bool compress, out Span<byte> frames)
    {
        if (_idle?.TryPop(out var message) != true)
            message = new OutboundMessage([], []);
        if (message!._frames.Length < length)
            message._frames = GC.AllocateUninitializedArray<byte>((length + FramesUnit - 1) / FramesUnit * FramesUnit);
        message._length = length;
        message._first = packet;
        message._packets = null;
        message._compress = compress;
        message._recycles = true;
        frames = message._frames.AsSpan(0, length);
        return message;
    }

    /// <summary>
    /// Its bytes have been written. By the one who took it out of its session's queue; nothing happens unless it was rented. One that never comes here, as its
    /// session has ended or polls, is left to the garbage collector.
    /// </summary>
    internal void Recycle()
    {
        if (!_recycles || _pollingPayload is not null || _deflated is not null)
            return;
        _recycles = false;
        var idle = _idle ??= new Stack<OutboundMessage>();
        if (idle.Count < KeptMessages)
            idle.Push(this);
    }
}
