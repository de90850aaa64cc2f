using System.Runtime.InteropServices;
using EngineIO.Transports;

namespace EngineIO.Tests.Transports;

public sealed class WebSocketMaskTests
{
    private static readonly byte[] Keys = [0x37, 0xfa, 0x21, 0x3d];

    [Fact]
    public void Every_length_at_every_alignment_is_unmasked_and_nothing_beside_it()
    {
        var source = new byte[400];
        new Random(7).NextBytes(source);
        for (var start = 0; start < 32; start++)
        {
            for (var length = 0; length <= 300; length++)
            {
                var bytes = (byte[])source.Clone();
                var next = WebSocketMask.Apply(bytes.AsSpan(start, length), MemoryMarshal.Read<uint>(Keys));
                for (var i = 0; i < bytes.Length; i++)
                {
                    var at = i - start;
                    var expected = at >= 0 && at < length ? (byte)(source[i] ^ Keys[at % 4]) : source[i];
                    if (bytes[i] != expected)
                        Assert.Fail($"Byte {i} of {length} bytes from {start} on is {bytes[i]}, not {expected}.");
                }

                next.ShouldBe(MemoryMarshal.Read<uint>([Keys[length % 4], Keys[(length + 1) % 4], Keys[(length + 2) % 4], Keys[(length + 3) % 4]]));
            }
        }
    }

    [Fact]
    public void Parts_unmasked_one_after_the_other_are_the_whole()
    {
        var source = new byte[300];
        new Random(8).NextBytes(source);
        var whole = (byte[])source.Clone();
        WebSocketMask.Apply(whole, MemoryMarshal.Read<uint>(Keys));
        for (var cut = 0; cut <= source.Length; cut++)
        {
            var parts = (byte[])source.Clone();
            var next = WebSocketMask.Apply(parts.AsSpan(0, cut), MemoryMarshal.Read<uint>(Keys));
            WebSocketMask.Apply(parts.AsSpan(cut), next);
            parts.ShouldBe(whole, $"cut at {cut}");
        }
    }
}
