using EngineIO.Protocol;

namespace EngineIO.Tests.Protocol;

public sealed class PacketCodecTests
{
    [Theory]
    [InlineData("0{}", (byte)'0')]
    [InlineData("1", (byte)'1')]
    [InlineData("2probe", (byte)'2')]
    [InlineData("3probe", (byte)'3')]
    [InlineData("4hello", (byte)'4')]
    [InlineData("5", (byte)'5')]
    [InlineData("6", (byte)'6')]
    public void Type_is_the_first_digit(string packet, byte type)
    {
        PacketCodec.TryReadType(System.Text.Encoding.UTF8.GetBytes(packet), out var read).ShouldBeTrue();
        ((byte)read).ShouldBe(type);
    }

    [Fact]
    public void Nothing_but_the_seven_digits_is_a_type()
    {
        PacketCodec.TryReadType([], out _).ShouldBeFalse();
        Enumerable.Range(0, 256).Where(value => PacketCodec.TryReadType([(byte)value], out _)).Select(value => (char)value).ShouldBe("0123456");
    }
}
