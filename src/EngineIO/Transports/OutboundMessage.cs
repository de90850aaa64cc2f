using EngineIO.Protocol;

namespace EngineIO.Transports;

/// <summary>One or more packets of type <c>message</c>, encoded once and framed once, to be sent to any number of sessions.</summary>
/// <remarks>
/// Immutable, hence safe to share between threads and sessions, but for those that <see cref="OutboundMessageWriter.Build"/> made for one session. The bytes are finished WebSocket frames, one behind the other; polling
/// takes the same bytes without the frame headers. What only some transports need (base64, compression) is made when first asked
/// for and kept: two threads may then both make it, with the same result, and the last one's stays.
/// </remarks>
public sealed partial class OutboundMessage
{
    private byte[] _frames;
    private int _length;
    private PacketSlice _first;
    private PacketSlice[]? _packets;
    private bool _compress = true;
    private byte[]? _pollingPayload;
    private DeflatedFrames? _deflated;
    private QueueBudget? _budget;
    private int _holders;

    internal OutboundMessage(byte[] frames, ReadOnlySpan<PacketSlice> packets)
    {
        _frames = frames;
        _length = frames.Length;
        if (packets.Length == 1)
            _first = packets[0];
        else
            _packets = packets.ToArray();
    }

    /// <summary>Whether a per-message compression may be applied to it. Default true. Compression happens only where the server's options allow it.</summary>
    public bool Compress
    {
        get => _compress;
        init => _compress = value;
    }

    /// <summary>Length of the encoded message in bytes, frame headers included: what it counts for in the limits of a queue.</summary>
    public int Length => _length;

    internal ReadOnlyMemory<byte> Frames => new(_frames, 0, _length);

    internal ReadOnlySpan<PacketSlice> Packets => _packets ?? new ReadOnlySpan<PacketSlice>(in _first);

    /// <summary>A text message.</summary>
    /// <param name="utf8">Its body, which must be valid UTF-8: it is not checked, and clients close a connection that brings anything else.</param>
    public static OutboundMessage Text(ReadOnlySpan<byte> utf8) => Packet(PacketType.Message, utf8);

    /// <summary>A binary message.</summary>
    /// <param name="data">Its body; copied.</param>
    public static OutboundMessage Binary(ReadOnlySpan<byte> data)
    {
        var header = WebSocketFrame.HeaderLength(data.Length);
        var frames = new byte[header + data.Length];
        WebSocketFrame.WriteHeader(frames, WebSocketFrame.Binary, data.Length);
        data.CopyTo(frames.AsSpan(header));
        return new OutboundMessage(frames, [new PacketSlice(header, data.Length, Binary: true)]);
    }

    /// <summary>One text packet of any type.</summary>
    internal static OutboundMessage Packet(PacketType type, ReadOnlySpan<byte> body)
    {
        var length = 1 + body.Length;
        var header = WebSocketFrame.HeaderLength(length);
        var frames = new byte[header + length];
        WebSocketFrame.WriteHeader(frames, WebSocketFrame.Text, length);
        frames[header] = (byte)type;
        body.CopyTo(frames.AsSpan(header + 1));
        return new OutboundMessage(frames, [new PacketSlice(header, length, Binary: false)]);
    }

    /// <summary>A finished WebSocket frame that is no packet (a pong). Polling sends nothing for it.</summary>
    internal static OutboundMessage ControlFrame(byte[] frame) => new(frame, []);

    /// <summary>Its packets as a polling payload; empty when it has none. For one text packet a slice of the frames, otherwise made once.</summary>
    internal ReadOnlyMemory<byte> PollingPayload()
    {
        if (_packets is null && !_first.Binary)
            return _frames.AsMemory(_first.Start, _first.Length);
        return _pollingPayload ??= EncodePollingPayload();
    }

    /// <summary>The frames, those with a payload of at least <paramref name="threshold"/> bytes compressed.</summary>
    internal ReadOnlyMemory<byte> FramesDeflated(int threshold)
    {
        if (!Compress)
            return Frames;
        var deflated = _deflated;
        if (deflated is null || deflated.Threshold != threshold)
            _deflated = deflated = new DeflatedFrames(threshold, PerMessageDeflate.Compress(this, threshold));
        return deflated.Frames;
    }

    /// <summary>Something that <paramref name="budget"/> counts holds this now. True when it is to be counted: nothing did before.</summary>
    /// <remarks>It belongs to the first budget that asks; another server's counts it once for each that holds it.</remarks>
    internal bool AddHolder(QueueBudget budget) => !IsOf(budget) || Interlocked.Increment(ref _holders) == 1;

    /// <summary>The reverse of <see cref="AddHolder"/>. True when it was the last.</summary>
    internal bool RemoveHolder(QueueBudget budget) => !IsOf(budget) || Interlocked.Decrement(ref _holders) == 0;

    private bool IsOf(QueueBudget budget) => ReferenceEquals(_budget ?? Interlocked.CompareExchange(ref _budget, budget, null) ?? budget, budget);

    private byte[] EncodePollingPayload()
    {
        var packets = Packets;
        if (packets.IsEmpty)
            return [];
        var length = packets.Length - 1;
        foreach (var packet in packets)
            length = checked(length + (packet.Binary ? PayloadCodec.BinaryLength(packet.Length) : packet.Length));

        var payload = new byte[length];
        var at = 0;
        for (var i = 0; i < packets.Length; i++)
        {
            if (i > 0)
                payload[at++] = PayloadCodec.Separator;
            var packet = packets[i];
            var body = _frames.AsSpan(packet.Start, packet.Length);
            if (packet.Binary)
            {
                at += PayloadCodec.EncodeBinary(body, payload.AsSpan(at));
            }
            else
            {
                body.CopyTo(payload.AsSpan(at));
                at += body.Length;
            }
        }

        return payload;
    }

    private sealed record DeflatedFrames(int Threshold, ReadOnlyMemory<byte> Frames);
}
