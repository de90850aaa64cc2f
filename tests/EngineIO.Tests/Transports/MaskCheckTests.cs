using CsCheck;
using EngineIO.Tests.Hosting;
using EngineIO.Transports;

namespace EngineIO.Tests.Transports;

public sealed class MaskCheckTests
{
    private static readonly Gen<byte[]> Masked = Gen.OneOf(Gen.Byte.Array[0, 130], Gen.Byte.Array[65_530, 65_540]).Select(payload => RawWebSocket.Frame(0x82, payload));

    [Fact]
    public void Masked_frames_pass_however_they_are_split() => Gen.Select(Masked.Array[1, 5], Gen.Int[1, 3000]).Sample(
        (frames, piece) =>
        {
            var check = default(MaskCheck);
            foreach (var bytes in frames.SelectMany(frame => frame).Chunk(piece))
                check.Accept(bytes).ShouldBeTrue();
        },
        iter: 50);

    [Fact]
    public void Frame_without_a_mask_is_seen_at_its_second_byte() => Gen.Select(Masked.Array[0, 3], Gen.Int[1, 3000]).Sample(
        (frames, piece) =>
        {
            var before = frames.SelectMany(frame => frame).ToArray();
            var check = default(MaskCheck);
            foreach (var bytes in before.Chunk(piece))
                check.Accept(bytes).ShouldBeTrue();
            check.Accept([0x81]).ShouldBeTrue();
            check.Accept([0x02]).ShouldBeFalse();
        },
        iter: 50);

    [Fact]
    public void Length_that_no_payload_has_does_not_wrap_round()
    {
        var check = default(MaskCheck);
        check.Accept([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).ShouldBeTrue();
        check.Accept(new byte[100]).ShouldBeTrue();
    }
}
