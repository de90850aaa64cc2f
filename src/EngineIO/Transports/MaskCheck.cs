using System.Runtime.InteropServices;

namespace EngineIO.Transports;

/// <summary>
/// Follows the frames of a client through the bytes as they are read and sees whether each is masked, as RFC 6455, section 5.1, demands of a client: the framework's
/// WebSocket takes frames that are not, after waiting for a mask that never comes. A value to be kept where it lies: copying it copies its place in the stream.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal struct MaskCheck
{
    private const int MaskLength = 4;

    private Expecting _expecting;
    private int _lengthBytes;
    private ulong _length;

    private enum Expecting : byte
    {
        FirstByte,
        MaskAndLength,
        LongLength,
        MaskAndPayload,
    }

    /// <summary>Takes the next bytes in. False at a frame that is not masked.</summary>
    public bool Accept(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            if (_expecting == Expecting.MaskAndPayload)
            {
                var skipped = (int)Math.Min(_length, (ulong)data.Length);
                data = data[skipped..];
                _length -= (ulong)skipped;
                if (_length == 0)
                    _expecting = Expecting.FirstByte;
                continue;
            }

            var value = data[0];
            data = data[1..];
            if (_expecting == Expecting.FirstByte)
                _expecting = Expecting.MaskAndLength;
            else if (_expecting == Expecting.LongLength)
                TakeLengthByte(value);
            else if ((value & 0x80) != 0)
                TakeLength(value & 0x7f);
            else
                return false;
        }

        return true;
    }

    private void TakeLength(int length)
    {
        if (length < 126)
        {
            Skip((ulong)length);
            return;
        }

        _lengthBytes = length == 126 ? sizeof(ushort) : sizeof(ulong);
        _length = 0;
        _expecting = Expecting.LongLength;
    }

    private void TakeLengthByte(byte value)
    {
        _length = (_length << 8) | value;
        if (--_lengthBytes == 0)
            Skip(_length);
    }

    // A length beyond what is allowed is the WebSocket's to refuse; here it must only not wrap round.
    private void Skip(ulong payload)
    {
        _length = Math.Min(payload, long.MaxValue) + MaskLength;
        _expecting = Expecting.MaskAndPayload;
    }
}
