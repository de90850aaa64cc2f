using System.Buffers;
using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace EngineIO.Transports;

/// <summary>Reads what a client sends over a WebSocket (RFC 6455): takes received bytes, however they are cut, and gives whole messages and control frames.</summary>
/// <remarks>
/// A message in one frame that lies whole in the received bytes is given as a slice of them, its mask taken off in place. Anything else is gathered in a pooled buffer,
/// which grows with the bytes that have arrived and never by the length that a frame claims; between messages nothing is rented. Not thread-safe: it belongs to
/// the connection's one reader. A value to be kept where it lies: copying it copies its place in the stream.
/// </remarks>
/// <param name="maxMessageBytes">Largest message, in bytes, after inflation.</param>
/// <param name="inflate">Whether permessage-deflate was agreed on.</param>
[StructLayout(LayoutKind.Auto)]
internal struct WebSocketFrameReader(int maxMessageBytes, bool inflate)
{
    private const byte Final = 0x80;
    private const byte ReservedBits = 0x70;
    private const byte Compressed = 0x40;
    private const byte Opcode = 0x0f;
    private const byte Masked = 0x80;
    private const byte ShortLength = 0x7f;
    private const int MaxControlPayload = 125;
    private const int MaxHeader = 2 + sizeof(ulong) + WebSocketMask.Length;
    private const int SmallestBuffer = 256;

    // The frame whose payload is being read.
    private bool _inPayload;
    private byte _first;
    private uint _mask;
    private long _remaining;

    // A header of which the rest has not arrived.
    private HeaderBytes _header;
    private byte _headerLength;

    // The message in parts: its opcode, 0 when there is none, and what of it is gathered. The parts of a control frame that comes between stand behind it.
    private byte _message;
    private bool _compressed;
    private bool _discarding;
    private byte _controlLength;
    private int _length;
    private byte[]? _gathered;

    /// <summary>Bytes of memory that are kept of a message of which the rest has not arrived.</summary>
    public readonly int KeptBytes => _message == 0 && !_inPayload ? 0 : _gathered?.Length ?? 0;

    /// <summary>The next thing in <paramref name="received"/>, from which what it took is removed.</summary>
    /// <param name="received">
    /// Bytes that came behind those of earlier calls. They are changed, and those of the thing that is given must stay until this is called again.
    /// </param>
    /// <remarks>Not to be called any more after <see cref="WebSocketReadKind.Close"/> or <see cref="WebSocketReadKind.Violation"/>.</remarks>
    public WebSocketRead Read(ref Memory<byte> received)
    {
        // What was given out last is done with.
        if (_gathered is not null && _message == 0 && !_inPayload)
            Release();

        while (true)
        {
            if (!_inPayload)
            {
                if (ReadHeader(ref received) is { } problem)
                    return Violation(problem);
                if (!_inPayload)
                    return default;
                if (IsTooBig())
                    return TooBig();
            }

            var part = received[..(int)Math.Min(_remaining, received.Length)];
            received = received[part.Length..];
            _remaining -= part.Length;
            _inPayload = _remaining > 0;
            if (IsControl(_first))
            {
                _mask = WebSocketMask.Apply(part.Span, _mask);
                return ReadControl(part);
            }

            var last = !_inPayload && (_first & Final) != 0;
            if (!_discarding)
            {
                _mask = WebSocketMask.Apply(part.Span, _mask);

                // What is to be inflated is too, as that needs some bytes behind it.
                if (!last || _length > 0 || _compressed)
                {
                    Gather(part.Span, _length);
                    _length += part.Length;
                }
            }

            if (last)
            {
                var opcode = _message;
                _message = 0;
                if (!_discarding)
                    return Message(opcode, part);
            }
            else if (_inPayload)
            {
                return default;
            }
        }
    }

    /// <summary>From now on messages are passed over and only control frames given. To be called between two things, when the last one is done with.</summary>
    public void DiscardMessages()
    {
        _discarding = true;
        Release();
    }

    /// <summary>Gives up the buffer, if it has one, with what was gathered in it.</summary>
    public void Release()
    {
        _length = 0;
        _controlLength = 0;
        if (_gathered is not { } gathered)
            return;
        _gathered = null;
        ArrayPool<byte>.Shared.Return(gathered);
    }

    private static bool IsControl(byte first) => (first & WebSocketFrame.Close) != 0;

    private static WebSocketRead Violation(string problem, WebSocketCloseStatus status = WebSocketCloseStatus.ProtocolError) =>
        new(WebSocketReadKind.Violation, Status: status, Problem: problem);

    // What is deflated and does not get smaller gets a little larger; the limit itself is for what it inflates to.
    private readonly bool IsTooBig()
    {
        if (IsControl(_first) || _discarding)
            return false;
        var limit = _compressed ? maxMessageBytes + (maxMessageBytes / 8L) + SmallestBuffer : maxMessageBytes;
        return _remaining > limit - _length;
    }

    private WebSocketRead TooBig()
    {
        DiscardMessages();
        return new WebSocketRead(WebSocketReadKind.TooBig, Status: WebSocketCloseStatus.MessageTooBig, Problem: $"A message of more than {maxMessageBytes} bytes.");
    }

    /// <summary>Reads a header if all of it is there, and keeps what is there if not. What is wrong with it, or null.</summary>
    private string? ReadHeader(ref Memory<byte> received)
    {
        var bytes = received.Span;
        if (_headerLength == 0 && bytes.Length >= 2)
        {
            if (CheckStart(bytes[0], bytes[1]) is { } problem)
                return problem;
            var length = HeaderLength(bytes[1]);
            if (bytes.Length >= length)
            {
                received = received[length..];
                return Begin(bytes[..length]);
            }
        }

        // Byte by byte, so that what is wrong with the first two is seen though the others never come.
        for (var i = 0; i < bytes.Length; i++)
        {
            _header[_headerLength++] = bytes[i];
            if (_headerLength < 2)
                continue;
            if (_headerLength == 2 && CheckStart(_header[0], _header[1]) is { } problem)
                return problem;
            if (_headerLength < HeaderLength(_header[1]))
                continue;
            received = received[(i + 1)..];
            ReadOnlySpan<byte> header = _header;
            header = header[.._headerLength];
            _headerLength = 0;
            return Begin(header);
        }

        received = default;
        return null;
    }

    private static int HeaderLength(byte second) => WebSocketMask.Length + (second & ShortLength) switch
    {
        126 => 2 + sizeof(ushort),
        127 => 2 + sizeof(ulong),
        _ => 2,
    };

    private readonly string? CheckStart(byte first, byte second)
    {
        var opcode = (byte)(first & Opcode);
        var data = opcode is WebSocketFrame.Text or WebSocketFrame.Binary;
        var reserved = first & ReservedBits;
        if (reserved != 0 && !(reserved == Compressed && data && inflate))
            return "A reserved bit is set that no agreed extension uses.";
        if ((second & Masked) == 0)
            return "The frame is not masked.";
        switch (opcode)
        {
            case WebSocketFrame.Text or WebSocketFrame.Binary:
                return _message == 0 ? null : "A new message begins inside another.";
            case WebSocketFrame.Continuation:
                return _message != 0 ? null : "A continuation of no message.";
            case WebSocketFrame.Close or WebSocketFrame.Ping or WebSocketFrame.Pong:
                if ((first & Final) == 0)
                    return "A control frame in fragments.";
                return (second & ShortLength) <= MaxControlPayload ? null : "A control frame of more than 125 bytes.";
            default:
                return $"Opcode {opcode} means nothing.";
        }
    }

    private string? Begin(ReadOnlySpan<byte> header)
    {
        long length = header[1] & ShortLength;
        if (length == 126)
        {
            length = BinaryPrimitives.ReadUInt16BigEndian(header[2..]);
            if (length < 126)
                return "A length that is not in its shortest form.";
        }
        else if (length == 127)
        {
            length = BinaryPrimitives.ReadInt64BigEndian(header[2..]);
            if (length < 0)
                return "A length with its top bit set.";
            if (length <= ushort.MaxValue)
                return "A length that is not in its shortest form.";
        }

        _first = header[0];
        _mask = MemoryMarshal.Read<uint>(header[^WebSocketMask.Length..]);
        _remaining = length;
        _inPayload = true;
        var opcode = (byte)(_first & Opcode);
        if (opcode is WebSocketFrame.Text or WebSocketFrame.Binary)
        {
            _message = opcode;
            _compressed = (_first & Compressed) != 0;
        }

        return null;
    }

    private WebSocketRead ReadControl(Memory<byte> part)
    {
        if (_inPayload || _controlLength > 0)
        {
            Gather(part.Span, _length + _controlLength);
            _controlLength += (byte)part.Length;
            if (_inPayload)
                return default;
            part = _gathered.AsMemory(_length, _controlLength);
            _controlLength = 0;
        }

        switch (_first & Opcode)
        {
            case WebSocketFrame.Ping:
                return new WebSocketRead(WebSocketReadKind.Ping, part);
            case WebSocketFrame.Pong:
                return new WebSocketRead(WebSocketReadKind.Pong, part);
            default:
                return Close(part);
        }
    }

    private static WebSocketRead Close(ReadOnlyMemory<byte> payload)
    {
        if (payload.IsEmpty)
            return new WebSocketRead(WebSocketReadKind.Close, Status: WebSocketCloseStatus.Empty);
        if (payload.Length == 1)
            return Violation("A close frame with half a status.");
        var status = BinaryPrimitives.ReadUInt16BigEndian(payload.Span);
        if (!WebSocketFrame.IsStatusThatMayBeSent(status))
            return Violation($"A close frame with status {status}, which must not be sent.");
        var reason = payload[2..];
        return Utf8.IsValid(reason.Span)
            ? new WebSocketRead(WebSocketReadKind.Close, reason, (WebSocketCloseStatus)status)
            : Violation("The reason in a close frame is not UTF-8.", WebSocketCloseStatus.InvalidPayloadData);
    }

    private WebSocketRead Message(byte opcode, Memory<byte> part)
    {
        ReadOnlyMemory<byte> message = _length > 0 ? _gathered.AsMemory(0, _length) : part;
        if (_compressed && _length > 0)
        {
            var length = Inflate();
            if (length < 0)
                return Violation("A compressed message that cannot be inflated.", WebSocketCloseStatus.InvalidPayloadData);
            if (length > maxMessageBytes)
                return TooBig();
            message = _gathered.AsMemory(0, length);
        }

        _length = 0;
        if (opcode == WebSocketFrame.Binary)
            return new WebSocketRead(WebSocketReadKind.Binary, message);
        return Utf8.IsValid(message.Span)
            ? new WebSocketRead(WebSocketReadKind.Text, message)
            : Violation("A text that is not UTF-8.", WebSocketCloseStatus.InvalidPayloadData);
    }

    /// <summary>Puts the inflated message in the place of the gathered one. Its length, one more than is allowed if it is longer, or -1.</summary>
    private int Inflate()
    {
        Gather(PerMessageDeflate.Ending, _length);
        var inflated = ArrayPool<byte>.Shared.Rent(Math.Min(maxMessageBytes + 1, Math.Max(SmallestBuffer, _length)));
        var length = PerMessageDeflate.Inflate(_gathered!, _length + PerMessageDeflate.Ending.Length, maxMessageBytes, ref inflated);
        Release();
        _gathered = inflated;
        return length;
    }

    private void Gather(ReadOnlySpan<byte> bytes, int at)
    {
        if (bytes.IsEmpty)
            return;
        var needed = at + bytes.Length;
        if (_gathered is null)
        {
            _gathered = ArrayPool<byte>.Shared.Rent(Math.Max(SmallestBuffer, needed));
        }
        else if (_gathered.Length < needed)
        {
            var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * _gathered.Length)));
            _gathered.AsSpan(0, at).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_gathered);
            _gathered = larger;
        }

        bytes.CopyTo(_gathered.AsSpan(at));
    }

    [InlineArray(MaxHeader)]
    private struct HeaderBytes
    {
#pragma warning disable IDE0044, IDE0051, S1144 // The compiler repeats it; nobody else names it.
        private byte _first;
#pragma warning restore IDE0044, IDE0051, S1144
    }
}
