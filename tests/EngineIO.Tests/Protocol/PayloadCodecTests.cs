using System.Text;
using CsCheck;
using EngineIO.Protocol;

namespace EngineIO.Tests.Protocol;

public sealed class PayloadCodecTests
{
    // The protocol's own examples, then the edges.
    public static TheoryData<string, string[]> Vectors => new()
    {
        { "4hello", ["4hello"] },
        { "4hello\u001e2\u001e4world", ["4hello", "2", "4world"] },
        { "4hello\u001ebAQIDBA==", ["4hello", "hex:01020304"] },
        { "b", ["hex:"] },
        { "", [""] },
        { "\u001e", ["", ""] },
        { "4\u001e\u001e4", ["4", "", "4"] },
        { "4€\u001e4\U0001F600", ["4€", "4\U0001F600"] },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Payload_is_split_into_its_packets(string payload, string[] packets)
    {
        var bytes = Encoding.UTF8.GetBytes(payload);
        PayloadCodec.CountPackets(bytes).ShouldBe(packets.Length);
        Read(bytes).ShouldBe(packets);
    }

    [Theory]
    [InlineData("b=")]
    [InlineData("bA")]
    [InlineData("bAQIDB")]
    [InlineData("bAQID BA==")]
    [InlineData("bAQID\nBA==")]
    [InlineData("bAQIDBA==AQID")]
    [InlineData("b????")]
    [InlineData("bAQI-")]
    public void What_is_not_base64_is_refused(string packet) =>
        PayloadCodec.TryDecodeBinary(Encoding.UTF8.GetBytes(packet), out _).ShouldBeFalse();

    [Fact]
    public void Binary_comes_back_as_it_was() => Gen.Byte.Array[0, 300].Sample(data =>
    {
        var packet = new byte[PayloadCodec.BinaryLength(data.Length)];
        PayloadCodec.EncodeBinary(data, packet).ShouldBe(packet.Length);
        PayloadCodec.IsBinary(packet).ShouldBeTrue();
        PayloadCodec.TryDecodeBinary(packet, out var decoded).ShouldBeTrue();
        decoded.ToArray().ShouldBe(data);
    });

    [Fact]
    public void Any_bytes_are_split_without_losing_one() => Gen.Byte.Array[0, 200].Sample(payload =>
    {
        var packets = new List<byte[]>();
        Memory<byte> rest = payload.ToArray();
        var last = false;
        while (!last)
            packets.Add(PayloadCodec.ReadPacket(ref rest, out last).ToArray());
        packets.Count.ShouldBe(PayloadCodec.CountPackets(payload));
        packets.Aggregate((all, next) => [.. all, PayloadCodec.Separator, .. next]).ShouldBe(payload);
    });

    private static List<string> Read(Memory<byte> rest)
    {
        var packets = new List<string>();
        var last = false;
        while (!last)
        {
            var packet = PayloadCodec.ReadPacket(ref rest, out last);
            if (PayloadCodec.IsBinary(packet.Span))
            {
                PayloadCodec.TryDecodeBinary(packet, out var data).ShouldBeTrue();
                packets.Add("hex:" + Convert.ToHexString(data.Span));
            }
            else
            {
                packets.Add(Encoding.UTF8.GetString(packet.Span));
            }
        }

        return packets;
    }
}
