using System.Text;
using EngineIO.Tests.Hosting;
using EngineIO.Transports;

namespace EngineIO.Tests.Transports;

public sealed class WebSocketFrameReaderTests
{
    private const int Limit = 1000;

    private static readonly string Long = new('x', Limit);

    public static TheoryData<string, byte[], string[]> Vectors => new()
    {
        { "the masked Hello of RFC 6455", [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58], ["Text Hello"] },
        { "empty text", RawWebSocket.Frame(0x81, []), ["Text"] },
        { "binary", RawWebSocket.Frame(0x82, [0, 255]), ["Binary 0x00FF"] },
        { "two messages", [.. Text("a"), .. Text("b")], ["Text a", "Text b"] },
        { "125 bytes", Text(Long[..125]), ["Text " + Long[..125]] },
        { "126 bytes", Text(Long[..126]), ["Text " + Long[..126]] },
        { "as much as is allowed", Text(Long), ["Text " + Long] },
        { "fragments", [.. Part(0x01, "He"), .. Part(0x00, "ll"), .. Part(0x80, "o")], ["Text Hello"] },
        { "a character across fragments", [.. RawWebSocket.Frame(0x01, [0xe2, 0x82]), .. RawWebSocket.Frame(0x80, [0xac])], ["Text 0xE282AC"] },
        { "empty fragments", [.. Part(0x02, ""), .. Part(0x00, ""), .. Part(0x00, "a"), .. Part(0x80, "")], ["Binary a"] },
        { "nothing but empty fragments", [.. Part(0x01, ""), .. Part(0x00, ""), .. Part(0x80, "")], ["Text"] },
        { "fragments of as much as is allowed", [.. Part(0x01, Long[..600]), .. Part(0x80, Long[600..])], ["Text " + Long] },
        { "a message after fragments", [.. Part(0x01, "a"), .. Part(0x80, "b"), .. Text("c")], ["Text ab", "Text c"] },
        { "ping", Part(0x89, "abc"), ["Ping abc"] },
        { "ping of 125 bytes", Part(0x89, Long[..125]), ["Ping " + Long[..125]] },
        { "empty ping and pong", [.. Part(0x89, ""), .. Part(0x8a, "")], ["Ping", "Pong"] },
        { "pong", Part(0x8a, "abc"), ["Pong abc"] },
        { "ping and pong between fragments", [.. Part(0x01, "a"), .. Part(0x89, "p"), .. Part(0x00, "b"), .. Part(0x8a, "q"), .. Part(0x80, "c")], ["Ping p", "Pong q", "Text abc"] },
        { "close", RawWebSocket.Frame(0x88, [0x03, 0xe8]), ["close 1000"] },
        { "close without a status", RawWebSocket.Frame(0x88, []), ["close 1005"] },
        { "close with a reason", RawWebSocket.Frame(0x88, [0x03, 0xe9, .. "bye"u8]), ["close 1001 bye"] },
        { "close between fragments", [.. Part(0x01, "a"), .. RawWebSocket.Frame(0x88, [0x0f, 0xa0])], ["close 4000"] },
        { "nothing is read after a close", [.. RawWebSocket.Frame(0x88, [0x03, 0xe8]), .. Text("a")], ["close 1000"] },
        { "half a frame", Text("abc")[..7], [] },

        { "unmasked text", [0x81, 0x01, (byte)'a'], ["1002 The frame is not masked."] },
        { "unmasked, of which only the first two bytes come", [0x88, 0x00], ["1002 The frame is not masked."] },
        { "HTTP", "GET / HTTP/1.1\r\n\r\n"u8.ToArray(), ["1002 A reserved bit is set that no agreed extension uses."] },
        { "reserved bit 1", Part(0xc1, "a"), ["1002 A reserved bit is set that no agreed extension uses."] },
        { "reserved bit 2", Part(0xa1, "a"), ["1002 A reserved bit is set that no agreed extension uses."] },
        { "reserved bit 3", Part(0x91, "a"), ["1002 A reserved bit is set that no agreed extension uses."] },
        { "opcode 3", Part(0x83, "a"), ["1002 Opcode 3 means nothing."] },
        { "opcode 7", Part(0x87, "a"), ["1002 Opcode 7 means nothing."] },
        { "opcode 11", Part(0x8b, "a"), ["1002 Opcode 11 means nothing."] },
        { "opcode 15", Part(0x8f, "a"), ["1002 Opcode 15 means nothing."] },
        { "ping in fragments", Part(0x09, "a"), ["1002 A control frame in fragments."] },
        { "close in fragments", Part(0x08, ""), ["1002 A control frame in fragments."] },
        { "ping of 126 bytes", Part(0x89, Long[..126]), ["1002 A control frame of more than 125 bytes."] },
        { "close with a 64-bit length", [0x88, 0xff, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0], ["1002 A control frame of more than 125 bytes."] },
        { "continuation of nothing", [.. Text("a"), .. Part(0x80, "b")], ["Text a", "1002 A continuation of no message."] },
        { "continuation after fragments", [.. Part(0x01, "a"), .. Part(0x80, "b"), .. Part(0x00, "c")], ["Text ab", "1002 A continuation of no message."] },
        { "new message inside fragments", [.. Part(0x01, "a"), .. Text("b")], ["1002 A new message begins inside another."] },
        { "new fragment inside fragments", [.. Part(0x02, "a"), .. Part(0x02, "b")], ["1002 A new message begins inside another."] },
        { "125 as 16 bits", [0x82, 0xfe, 0, 125, 0, 0, 0, 0, .. new byte[125]], ["1002 A length that is not in its shortest form."] },
        { "0 as 16 bits", [0x82, 0xfe, 0, 0, 0, 0, 0, 0], ["1002 A length that is not in its shortest form."] },
        { "65,535 as 64 bits", [0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0], ["1002 A length that is not in its shortest form."] },
        { "2^63 bytes", [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], ["1002 A length with its top bit set."] },
        { "close with one byte", Part(0x88, "a"), ["1002 A close frame with half a status."] },
        { "close reason of invalid UTF-8", RawWebSocket.Frame(0x88, [0x03, 0xe8, 0xc3, 0x28]), ["1007 The reason in a close frame is not UTF-8."] },
        { "text of invalid UTF-8", RawWebSocket.Frame(0x81, [0xc3, 0x28]), ["1007 A text that is not UTF-8."] },
        { "text that ends inside a character", RawWebSocket.Frame(0x81, [0xe2, 0x82]), ["1007 A text that is not UTF-8."] },
        { "text of an overlong character", RawWebSocket.Frame(0x81, [0xc0, 0x80]), ["1007 A text that is not UTF-8."] },
        { "text of a surrogate", RawWebSocket.Frame(0x81, [0xed, 0xa0, 0x80]), ["1007 A text that is not UTF-8."] },
        { "invalid UTF-8 in the second fragment", [.. Part(0x01, "a"), .. RawWebSocket.Frame(0x80, [0xff])], ["1007 A text that is not UTF-8."] },
        { "binary need not be UTF-8", RawWebSocket.Frame(0x82, [0xc3, 0x28]), ["Binary 0xC328"] },

        { "a byte too much", Text(Long + "x"), ["1009 A message of more than 1000 bytes."] },
        { "2^62 bytes", [0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. new byte[2000]], ["1009 A message of more than 1000 bytes."] },
        { "fragments of a byte too much", [.. Part(0x01, Long[..600]), .. Part(0x00, Long[..400]), .. Part(0x80, "x")], ["1009 A message of more than 1000 bytes."] },
        {
            "after too much only control frames are given",
            [.. Part(0x01, Long + "x"), .. Part(0x89, "p"), .. Part(0x00, Long), .. Part(0x80, "x"), .. Text("a"), .. RawWebSocket.Frame(0x88, [0x03, 0xf1])],
            ["1009 A message of more than 1000 bytes.", "Ping p", "close 1009"]
        },
        { "after too much the frames must still be right", [.. Text(Long + "x"), .. Part(0x80, "a")], ["1009 A message of more than 1000 bytes.", "1002 A continuation of no message."] },
    };

    public static TheoryData<string, byte[], string[]> CompressedVectors => new()
    {
        { "not compressed", Text("Hello"), ["Text Hello"] },
        { "the Hello of RFC 7692", RawWebSocket.Frame(0xc1, [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]), ["Text Hello"] },
        { "in fragments", [.. RawWebSocket.Frame(0x41, [0xf2, 0x48, 0xcd]), .. RawWebSocket.Frame(0x80, [0xc9, 0xc9, 0x07, 0x00])], ["Text Hello"] },
        { "in a block that is not compressed", RawWebSocket.Frame(0xc1, [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]), ["Text Hello"] },
        { "in a block that says it is the last", RawWebSocket.Frame(0xc1, [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]), ["Text Hello"] },
        { "in two blocks", RawWebSocket.Frame(0xc1, [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00]), ["Text Hello"] },
        { "empty", RawWebSocket.Frame(0xc2, [0x00]), ["Binary"] },
        { "of no bytes at all", RawWebSocket.Frame(0xc2, []), ["Binary"] },
        { "plain after compressed", [.. Deflated(0xc1, "aaaa"), .. Text("b"), .. Deflated(0xc1, "c")], ["Text aaaa", "Text b", "Text c"] },
        { "a ping between its fragments", [.. RawWebSocket.Frame(0x41, [0xf2, 0x48, 0xcd]), .. Part(0x89, "p"), .. RawWebSocket.Frame(0x80, [0xc9, 0xc9, 0x07, 0x00])], ["Ping p", "Text Hello"] },
        { "as much as is allowed", Deflated(0xc1, Long), ["Text " + Long] },
        { "as much as is allowed, of which nothing gets smaller", RawWebSocket.Frame(0xc2, Stored(Limit)), ["Binary " + FrameReading.Printable(new byte[Limit])] },
        { "a byte too much", Deflated(0xc1, Long + "x"), ["1009 A message of more than 1000 bytes."] },
        { "a thousand times too much", [.. Deflated(0xc1, new string('x', 1000 * Limit)), .. Text("a"), .. Part(0x89, "p")], ["1009 A message of more than 1000 bytes.", "Ping p"] },
        { "too much before it is inflated", RawWebSocket.Frame(0xc2, new byte[2 * Limit]), ["1009 A message of more than 1000 bytes."] },
        { "what is no deflated data", RawWebSocket.Frame(0xc1, [0xff, 0xff]), ["1007 A compressed message that cannot be inflated."] },
        { "invalid UTF-8", RawWebSocket.Frame(0xc1, FrameReading.Deflate([0xc3, 0x28])), ["1007 A text that is not UTF-8."] },
        { "the bit on a continuation", [.. Part(0x01, "a"), .. Part(0xc0, "b")], ["1002 A reserved bit is set that no agreed extension uses."] },
        { "the bit on a ping", Part(0xc9, "a"), ["1002 A reserved bit is set that no agreed extension uses."] },
        { "another reserved bit", Part(0xe1, "a"), ["1002 A reserved bit is set that no agreed extension uses."] },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Frames_are_what_the_protocol_says_however_they_are_cut(string what, byte[] bytes, string[] found) => FoundHoweverCut(what, bytes, found, inflate: false);

    [Theory]
    [MemberData(nameof(CompressedVectors))]
    public void Compressed_messages_are_inflated_however_they_are_cut(string what, byte[] bytes, string[] found) => FoundHoweverCut(what, bytes, found, inflate: true);

    [Theory]
    [InlineData(1000, true)]
    [InlineData(1003, true)]
    [InlineData(1007, true)]
    [InlineData(1011, true)]
    [InlineData(1014, true)]
    [InlineData(3000, true)]
    [InlineData(4999, true)]
    [InlineData(0, false)]
    [InlineData(999, false)]
    [InlineData(1004, false)]
    [InlineData(1005, false)]
    [InlineData(1006, false)]
    [InlineData(1015, false)]
    [InlineData(1016, false)]
    [InlineData(2999, false)]
    [InlineData(5000, false)]
    [InlineData(65_535, false)]
    public void Only_a_status_that_may_be_sent_closes(int status, bool mayBeSent) =>
        FrameReading.Read([RawWebSocket.Frame(0x88, [(byte)(status >> 8), (byte)status])])
            .ShouldBe([mayBeSent ? $"close {status}" : $"1002 A close frame with status {status}, which must not be sent."]);

    [Theory]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(999_999)]
    public void Large_message_comes_whole_in_pieces_of_any_size(int length)
    {
        var payload = new byte[length];
        new Random(length).NextBytes(payload);
        byte[] bytes = [.. RawWebSocket.Frame(0x02, payload.AsSpan(0, length / 3)), .. Part(0x89, "p"), .. RawWebSocket.Frame(0x80, payload.AsSpan(length / 3)), .. Text("next")];
        foreach (var size in (int[])[1000, 4096, 65_536, bytes.Length])
            FrameReading.Read(bytes.Chunk(size), limit: length).ShouldBe(["Ping p", "Binary " + FrameReading.Printable(payload), "Text next"]);
    }

    [Fact]
    public void Whole_message_is_a_slice_of_what_was_received()
    {
        var reader = new WebSocketFrameReader(Limit, inflate: false);
        var received = RawWebSocket.Frame(0x82, [1, 2, 3]);
        Memory<byte> rest = received;
        var read = reader.Read(ref rest);
        read.Payload.Equals(received.AsMemory(6)).ShouldBeTrue();
        received[6..].ShouldBe([1, 2, 3], "unmasked where it lies");
    }

    [Fact]
    public void Whole_messages_and_control_frames_allocate_nothing()
    {
        var reader = new WebSocketFrameReader(Limit, inflate: false);
        byte[] frames = [.. Text("a"), .. Part(0x89, "p"), .. Text(Long)];
        var received = new byte[frames.Length];
        var allocated = 0L;

        // The first time what is called may be compiled, or loaded.
        for (var round = 0; round < 100; round++)
        {
            frames.CopyTo(received, 0);
            Memory<byte> rest = received;
            var before = GC.GetAllocatedBytesForCurrentThread();
            var found = 0;
            while (reader.Read(ref rest).Kind != WebSocketReadKind.NeedMore)
                found++;
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            found.ShouldBe(3);
        }

        allocated.ShouldBe(0);
    }

    [Fact]
    public void Claimed_length_takes_no_memory()
    {
        // A frame that claims 500,000,000 bytes, of which a hundred come.
        byte[] bytes = [0x82, 0xff, 0, 0, 0, 0, 0x1d, 0xcd, 0x65, 0x00, 1, 2, 3, 4, .. new byte[100]];
        var reader = new WebSocketFrameReader(500_000_000, inflate: false);
        Memory<byte> rest = bytes;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var kind = reader.Read(ref rest).Kind;
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        kind.ShouldBe(WebSocketReadKind.NeedMore);
        allocated.ShouldBeLessThan(10_000);
        reader.Release();
    }

    [Fact]
    public void Discarded_messages_are_passed_over()
    {
        var reader = new WebSocketFrameReader(Limit, inflate: false);
        Memory<byte> rest = (byte[])[.. Part(0x01, "a"), .. Part(0x89, "p"), .. Part(0x80, "b"), .. Text("c"), .. Part(0x89, "q")];
        reader.Read(ref rest).Kind.ShouldBe(WebSocketReadKind.Ping);
        reader.DiscardMessages();
        var read = reader.Read(ref rest);
        (read.Kind, FrameReading.Printable(read.Payload.Span)).ShouldBe((WebSocketReadKind.Ping, "q"));
        reader.Read(ref rest).Kind.ShouldBe(WebSocketReadKind.NeedMore);
    }

    private static void FoundHoweverCut(string what, byte[] bytes, string[] found, bool inflate)
    {
        FrameReading.Read([bytes], Limit, inflate).ShouldBe(found, ignoreOrder: false, what);
        FrameReading.Read(bytes.Chunk(1), Limit, inflate).ShouldBe(found, ignoreOrder: false, $"{what}, byte by byte");
        for (var at = 1; at < bytes.Length; at++)
            FrameReading.Read([bytes[..at], bytes[at..]], Limit, inflate).ShouldBe(found, ignoreOrder: false, $"{what}, cut at {at}");
    }

    private static byte[] Text(string text) => RawWebSocket.Text(text);

    private static byte[] Part(byte first, string text) => RawWebSocket.Frame(first, Encoding.UTF8.GetBytes(text));

    private static byte[] Deflated(byte first, string text) => RawWebSocket.Frame(first, FrameReading.Deflate(Encoding.UTF8.GetBytes(text)));

    /// <summary>As many zeroes as deflated data that was not compressed, in blocks of a hundred bytes.</summary>
    private static byte[] Stored(int length) =>
        [.. Enumerable.Range(0, length / 100).SelectMany(_ => (byte[])[0x00, 100, 0, 155, 255, .. new byte[100]]), 0x00];
}
