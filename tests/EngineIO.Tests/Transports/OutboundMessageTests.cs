using System.Buffers;
using System.Text;
using CsCheck;
using EngineIO.Transports;

namespace EngineIO.Tests.Transports;

public sealed class OutboundMessageTests
{
    [Theory]
    [InlineData(0, "8100")]
    [InlineData(125, "817D")]
    [InlineData(126, "817E007E")]
    [InlineData(65535, "817EFFFF")]
    [InlineData(65536, "817F0000000000010000")]
    public void Frame_header_is_as_short_as_the_payload_allows(int payload, string header)
    {
        // The type digit is part of the payload, so the body of a text message is one byte shorter.
        var frames = payload == 0
            ? Header(payload)
            : OutboundMessage.Text(new byte[payload - 1]).Frames[..(header.Length / 2)].ToArray();
        Convert.ToHexString(frames).ShouldBe(header);

        static byte[] Header(int length)
        {
            var destination = new byte[WebSocketFrame.MaxHeaderLength];
            return destination[..WebSocketFrame.WriteHeader(destination, WebSocketFrame.Text, length)];
        }
    }

    [Fact]
    public void Text_is_a_text_frame_with_the_type_and_binary_a_bare_binary_frame()
    {
        OutboundMessage.Text("hé"u8).Frames.ToArray().ShouldBe([0x81, 4, (byte)'4', .. "hé"u8]);
        OutboundMessage.Binary([1, 2, 3]).Frames.ToArray().ShouldBe([0x82, 3, 1, 2, 3]);
    }

    [Fact]
    public void Polling_gets_the_same_packets_without_frames()
    {
        Encoding.UTF8.GetString(OutboundMessage.Text("hé"u8).PollingPayload().Span).ShouldBe("4hé");
        Encoding.UTF8.GetString(OutboundMessage.Binary([1, 2, 3, 4]).PollingPayload().Span).ShouldBe("bAQIDBA==");
    }

    [Fact]
    public void Polling_payload_that_must_be_encoded_is_encoded_once()
    {
        var message = OutboundMessage.Binary(new byte[100]);
        message.PollingPayload().Equals(message.PollingPayload()).ShouldBeTrue();
    }

    [Fact]
    public void Several_packets_are_one_run_of_frames_and_one_payload()
    {
        var writer = new OutboundMessageWriter();
        writer.BeginText();
        writer.Write("51-[]"u8);
        writer.BeginBinary();
        writer.Write((ReadOnlySpan<byte>)[1, 2, 3, 4]);
        writer.BeginText();
        var message = writer.Build();

        message.Frames.ToArray().ShouldBe([0x81, 6, (byte)'4', .. "51-[]"u8, 0x82, 4, 1, 2, 3, 4, 0x81, 1, (byte)'4']);
        Encoding.UTF8.GetString(message.PollingPayload().Span).ShouldBe("451-[]\u001ebAQIDBA==\u001e4");
        message.Length.ShouldBe(message.Frames.Length);
    }

    [Fact]
    public void Writer_begins_anew_after_each_message_and_after_a_reset()
    {
        var writer = new OutboundMessageWriter();
        writer.BeginText();
        writer.Write("thrown away"u8);
        writer.Reset();
        writer.BeginText();
        writer.Write("a"u8);
        writer.Build(compress: false).Compress.ShouldBeFalse();
        writer.BeginBinary();
        writer.Write((ReadOnlySpan<byte>)[7]);
        var message = writer.Build();
        message.Frames.ToArray().ShouldBe([0x82, 1, 7]);
        message.Compress.ShouldBeTrue();
    }

    [Fact]
    public void The_memory_of_a_message_for_one_session_is_used_again_once_it_has_left()
    {
        var writer = new OutboundMessageWriter();
        var first = Build("a longer text", once: true);
        var second = Build("b", once: true);
        second.ShouldNotBeSameAs(first);
        first.Recycle();
        first.Recycle();

        var again = Build("c", once: true, compress: false);
        again.ShouldBeSameAs(first);
        again.Frames.ToArray().ShouldBe([0x81, 2, (byte)'4', (byte)'c']);
        again.Length.ShouldBe(4);
        again.Compress.ShouldBeFalse();
        Encoding.UTF8.GetString(again.PollingPayload().Span).ShouldBe("4c");
        second.Frames.ToArray().ShouldBe([0x81, 2, (byte)'4', (byte)'b']);
        Build("d", once: true).ShouldNotBeSameAs(first, "it has left once");

        var shared = Build("for all", once: false);
        shared.Recycle();
        Build("e", once: true).ShouldNotBeSameAs(shared);
        shared.Frames.ToArray().ShouldBe([0x81, 8, (byte)'4', .. "for all"u8]);

        OutboundMessage Build(string text, bool once, bool compress = true)
        {
            writer.BeginText();
            writer.Write(Encoding.UTF8.GetBytes(text));
            return writer.Build(compress, once);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(OutboundMessage.MaxRecycledLength)]
    [InlineData(70_000)]
    public void A_message_for_one_session_has_the_frames_that_it_would_have_for_all(int length)
    {
        var writer = new OutboundMessageWriter();
        var text = Enumerable.Repeat((byte)'x', length).ToArray();
        for (var i = 0; i < 3; i++)
        {
            writer.BeginText();
            writer.Write(text);
            var message = writer.Build(compress: true, once: true);
            message.Frames.ToArray().ShouldBe(OutboundMessage.Text(text).Frames.ToArray());
            message.Recycle();
        }
    }

    [Fact]
    public void Writer_refuses_bytes_that_belong_to_no_packet()
    {
        var writer = new OutboundMessageWriter();
        Should.Throw<InvalidOperationException>(() => writer.GetSpan());
        Should.Throw<InvalidOperationException>(() => writer.GetMemory());
        Should.Throw<InvalidOperationException>(() => writer.Advance(1));
        Should.Throw<InvalidOperationException>(() => writer.Build());
        writer.BeginText();
        Should.Throw<ArgumentOutOfRangeException>(() => writer.Advance(-1));
        Should.Throw<ArgumentOutOfRangeException>(() => writer.Advance(int.MaxValue));
    }

    [Fact]
    public void Messages_of_any_packets_are_read_back_by_a_websocket()
    {
        var packet = Gen.Select(Gen.Bool, Gen.OneOf(Gen.Byte.Array[0, 200], Gen.Byte.Array[65_500, 65_600]));
        packet.Array[1, 6].Sample(
            packets =>
            {
                var writer = new OutboundMessageWriter();
                foreach (var (binary, body) in packets)
                {
                    if (binary)
                        writer.BeginBinary();
                    else
                        writer.BeginText();

                    // In pieces, as a serializer writes.
                    foreach (var piece in body.Chunk(100))
                        writer.Write(piece);
                }

                var message = writer.Build();
                message.Packets.Length.ShouldBe(packets.Length);
                var at = 0;
                for (var i = 0; i < packets.Length; i++)
                {
                    var (binary, body) = packets[i];
                    byte[] expected = binary ? body : [(byte)'4', .. body];
                    var frame = Hosting.RawWebSocket.Frame((byte)(binary ? 0x82 : 0x81), expected, masked: false);
                    message.Frames.Slice(at, frame.Length).ToArray().ShouldBe(frame);
                    at += frame.Length;
                }

                at.ShouldBe(message.Length);
            },
            iter: 50);
    }
}
