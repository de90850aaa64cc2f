using System.Buffers;
using EngineIO.Protocol;

namespace EngineIO.Transports;

/// <summary>Builds an <see cref="OutboundMessage"/> packet by packet in a reused buffer. Not thread-safe: keep one for each thread or each caller.</summary>
/// <remarks>
/// The buffer keeps its size from message to message up to 1 MiB; what a larger message needed is given back after it. What is
/// written is copied once, by <see cref="Build"/>, into an array of exactly the length that the message has, or into one that is used again.
/// </remarks>
public sealed class OutboundMessageWriter : IBufferWriter<byte>
{
    private const int InitialCapacity = 1024;
    private const int KeptCapacity = 1024 * 1024;

    private byte[] _scratch = new byte[InitialCapacity];
    private PacketSlice[] _packets = new PacketSlice[4];
    private int _packetCount;
    private int _written;

    /// <summary>Opens a text packet; what is written until the next packet or <see cref="Build"/> is its UTF-8 body. It is not checked to be UTF-8.</summary>
    public void BeginText()
    {
        Begin(binary: false);
        Reserve(1)[0] = (byte)PacketType.Message;
        _written++;
    }

    /// <summary>Opens a binary packet.</summary>
    public void BeginBinary() => Begin(binary: true);

    /// <summary>Ends the message and resets the writer for the next one.</summary>
    /// <param name="compress">What <see cref="OutboundMessage.Compress"/> will be.</param>
    /// <param name="once">
    /// True when it will be given to one session, once: its memory is used for another message as soon as it has left, so whoever sends it must not touch it
    /// afterwards. Not for broadcasts, and not for what is kept.
    /// </param>
    /// <exception cref="InvalidOperationException">No packet was begun.</exception>
    public OutboundMessage Build(bool compress = true, bool once = false)
    {
        if (_packetCount == 0)
            throw new InvalidOperationException("A message has at least one packet: call BeginText or BeginBinary first.");
        EndPacket();
        var packets = _packets.AsSpan(0, _packetCount);
        var length = 0;
        foreach (var packet in packets)
            length = checked(length + WebSocketFrame.HeaderLength(packet.Length) + packet.Length);

        if (once && packets.Length == 1 && length <= OutboundMessage.MaxRecycledLength)
            return BuildOnce(packets[0], length, compress);

        var frames = new byte[length];
        var at = 0;
        foreach (ref var packet in packets)
        {
            at += WebSocketFrame.WriteHeader(frames.AsSpan(at), packet.Opcode, packet.Length);
            _scratch.AsSpan(packet.Start, packet.Length).CopyTo(frames.AsSpan(at));
            packet = packet with { Start = at };
            at += packet.Length;
        }

        var message = new OutboundMessage(frames, packets) { Compress = compress };
        Reset();
        return message;
    }

    private OutboundMessage BuildOnce(PacketSlice packet, int length, bool compress)
    {
        var header = WebSocketFrame.HeaderLength(packet.Length);
        var message = OutboundMessage.Rent(length, packet with { Start = header }, compress, out var frames);
        WebSocketFrame.WriteHeader(frames, packet.Opcode, packet.Length);
        _scratch.AsSpan(packet.Start, packet.Length).CopyTo(frames[header..]);
        Reset();
        return message;
    }

    /// <summary>Throws away what was begun, for instance because serializing failed half-way.</summary>
    public void Reset()
    {
        _packetCount = 0;
        _written = 0;
        if (_scratch.Length > KeptCapacity)
            _scratch = new byte[InitialCapacity];
        if (_packets.Length > 64)
            _packets = new PacketSlice[4];
    }

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">No packet was begun.</exception>
    public void Advance(int count)
    {
        ThrowIfNoPacket();
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _scratch.Length - _written);
        _written += count;
    }

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">No packet was begun.</exception>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        ThrowIfNoPacket();
        Reserve(sizeHint);
        return _scratch.AsMemory(_written);
    }

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">No packet was begun.</exception>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        ThrowIfNoPacket();
        return Reserve(sizeHint);
    }

    private void Begin(bool binary)
    {
        EndPacket();
        if (_packetCount == _packets.Length)
            Array.Resize(ref _packets, _packets.Length * 2);
        _packets[_packetCount++] = new PacketSlice(_written, 0, binary);
    }

    private void EndPacket()
    {
        if (_packetCount == 0)
            return;
        ref var packet = ref _packets[_packetCount - 1];
        packet = packet with { Length = _written - packet.Start };
    }

    private Span<byte> Reserve(int sizeHint)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeHint);
        var needed = checked(_written + Math.Max(sizeHint, 1));
        if (needed > _scratch.Length)
            Array.Resize(ref _scratch, (int)Math.Min(Array.MaxLength, Math.Max(needed, _scratch.Length * 2L)));
        return _scratch.AsSpan(_written);
    }

    private void ThrowIfNoPacket()
    {
        if (_packetCount == 0)
            throw new InvalidOperationException("Nothing can be written before BeginText or BeginBinary has opened a packet.");
    }
}
