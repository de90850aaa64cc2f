using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EngineIO.Transports;

/// <summary>The mask over every payload that a client sends (RFC 6455, section 5.3).</summary>
internal static class WebSocketMask
{
    /// <summary>Bytes of a mask.</summary>
    public const int Length = sizeof(uint);

    /// <summary>Applies a mask, which takes it off again, where the bytes lie.</summary>
    /// <param name="payload">A payload or a part of one, at any alignment.</param>
    /// <param name="mask">The mask's bytes as they lie in memory, the one for the part's first byte in front.</param>
    /// <returns>The mask for the part that follows.</returns>
    public static uint Apply(Span<byte> payload, uint mask)
    {
        ref var bytes = ref MemoryMarshal.GetReference(payload);
        var length = (nuint)payload.Length;
        nuint at = 0;
        if (Vector256.IsHardwareAccelerated && length >= (nuint)Vector256<byte>.Count)
        {
            var wide = Vector256.Create(mask).AsByte();
            for (; length - at >= (nuint)Vector256<byte>.Count; at += (nuint)Vector256<byte>.Count)
                (Vector256.LoadUnsafe(ref bytes, at) ^ wide).StoreUnsafe(ref bytes, at);
        }

        if (Vector128.IsHardwareAccelerated && length - at >= (nuint)Vector128<byte>.Count)
        {
            var wide = Vector128.Create(mask).AsByte();
            for (; length - at >= (nuint)Vector128<byte>.Count; at += (nuint)Vector128<byte>.Count)
                (Vector128.LoadUnsafe(ref bytes, at) ^ wide).StoreUnsafe(ref bytes, at);
        }

        // The steps above and this one are whole masks, so that the rest begins with the mask's first byte.
        var words = MemoryMarshal.Cast<byte, uint>(payload[(int)at..]);
        foreach (ref var word in words)
            word ^= mask;
        var rest = payload[((int)at + (words.Length * Length))..];
        var keys = MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in mask));
        for (var i = 0; i < rest.Length; i++)
            rest[i] ^= keys[i];

        var turned = rest.Length * 8;
        return BitConverter.IsLittleEndian ? BitOperations.RotateRight(mask, turned) : BitOperations.RotateLeft(mask, turned);
    }
}
