using System.Text;
using System.Text.Json;
using CsCheck;
using EngineIO.Transports;
using Shouldly;
using SocketIO.Protocol;
using Xunit;

namespace SocketIO.Tests.Protocol;

public sealed class JsonPacketParserTests
{
    private static readonly JsonSerializerOptions Json = CreateJson();
    private static readonly JsonPacketParser Parser = new(Json, new PacketLimits());

    private static readonly string[] Starts = ["", "2", "2[", "2[\"a\",", "0", "0/", "31", "51-[", "4"];

    private static JsonSerializerOptions CreateJson()
    {
        var json = new SocketIOOptions().Json;
        json.TypeInfoResolverChain.Add(PayloadsContext.Default);
        json.MakeReadOnly();
        return json;
    }

    private static PacketDecodeStatus Decode(string text, out SocketPacket packet, out string? error)
    {
        BinaryReconstructor? pending = null;
        return Parser.Decode(Encoding.UTF8.GetBytes(text), binary: false, ref pending, out packet, out error);
    }

    public static TheoryData<string, SocketPacketType, string, long?, string?, string> Legal => new()
    {
        { "0", SocketPacketType.Connect, "/", null, null, "" },
        { "0/admin,", SocketPacketType.Connect, "/admin", null, null, "" },
        { "0/admin", SocketPacketType.Connect, "/admin", null, null, "" },
        { "0/admin?a=b,{\"token\":\"x\"}", SocketPacketType.Connect, "/admin?a=b", null, null, "{\"token\":\"x\"}" },
        { "0{\"token\":\"123\"}", SocketPacketType.Connect, "/", null, null, "{\"token\":\"123\"}" },
        { "1", SocketPacketType.Disconnect, "/", null, null, "" },
        { "1/admin,", SocketPacketType.Disconnect, "/admin", null, null, "" },
        { "2[\"hello\"]", SocketPacketType.Event, "/", null, "hello", "" },
        { "2[\"hello\",1,\"2\",{\"3\":[true]}]", SocketPacketType.Event, "/", null, "hello", "1|\"2\"|{\"3\":[true]}" },
        { "2/admin,456[\"project:delete\",123]", SocketPacketType.Event, "/admin", 456, "project:delete", "123" },
        { "212[\"x\",null]", SocketPacketType.Event, "/", 12, "x", "null" },
        { "2[7,\"number as a name\"]", SocketPacketType.Event, "/", null, "7", "\"number as a name\"" },
        { "2[\"\\u0041\\ud83d\\ude00\", \" \" ]", SocketPacketType.Event, "/", null, "A😀", "\" \"" },
        { "2/,[\"slash alone\"]", SocketPacketType.Event, "/", null, "slash alone", "" },
        { "3/admin,456[]", SocketPacketType.Ack, "/admin", 456, null, "" },
        { "39007199254740991[1]", SocketPacketType.Ack, "/", 9_007_199_254_740_991, null, "1" },
    };

    [Theory]
    [MemberData(nameof(Legal))]
    public void A_legal_packet_is_read(string text, SocketPacketType type, string ns, long? ackId, string? eventName, string data)
    {
        Decode(text, out var packet, out _).ShouldBe(PacketDecodeStatus.Complete);
        packet.Type.ShouldBe(type);
        packet.Namespace.ShouldBe(ns);
        packet.AckId.ShouldBe(ackId);
        packet.EventName.ShouldBe(eventName);
        var read = packet.Data?.GetRawText()
            ?? string.Join('|', Enumerable.Range(0, packet.Arguments.Count).Select(index => packet.Arguments.GetJson(index).GetRawText()));
        read.ShouldBe(data);
    }

    public static TheoryData<string, string> Illegal => new()
    {
        { "", "unknown packet type" },
        { "7", "unknown packet type" },
        { "abc", "unknown packet type" },
        { "0[]", "not an object" },
        { "0null", "not an object" },
        { "0\"text\"", "not an object" },
        { "0{", "not JSON" },
        { "0{\"a\":\"\\ud800\"}", "Unicode" },
        { "1{}", "no payload" },
        { "1/admin,\"x\"", "no payload" },
        { "2", "missing" },
        { "2{}", "not an array" },
        { "2[]", "no name" },
        { "2[{}]", "no name" },
        { "2[null]", "no name" },
        { "2[\"connect\"]", "reserved" },
        { "2[\"connect_error\"]", "reserved" },
        { "2[\"disconnect\"]", "reserved" },
        { "2[\"disconnecting\"]", "reserved" },
        { "2[\"newListener\"]", "reserved" },
        { "2[\"removeListener\"]", "reserved" },
        { "2[\"a\"", "not JSON" },
        { "2[\"a\"]]", "not JSON" },
        { "2[\"a\"] 1", "not JSON" },
        { "2[\"a\",]", "not JSON" },
        { "2[\"a\",01]", "not JSON" },
        { "2[\"\\ud800\"]", "Unicode" },
        { "2abc[\"a\"]", "not JSON" },
        { "29007199254740992[\"a\"]", "ack id" },
        { "299999999999999999999999[\"a\"]", "ack id" },
        { "3[]", "without its id" },
        { "31{}", "not an array" },
        { "3-1[]", "without its id" },
        { "5[\"a\"]", "attachments" },
        { "5-[\"a\"]", "attachments" },
        { "5+1-[\"a\"]", "attachments" },
        { "5-1-[\"a\"]", "attachments" },
        { "5x-[\"a\"]", "attachments" },
        { "50-[\"a\"]", "attachments" },
        { "511-[\"a\"]", "more than 10" },
        { "52147483648-[\"a\"]", "attachments" },
        { "51-[\"a\"]", "not used" },
        { "52-[\"a\",{\"_placeholder\":true,\"num\":0}]", "not used" },
        { "51-[\"a\",{\"_placeholder\":true,\"num\":1}]", "not there" },
        { "51-[\"a\",{\"_placeholder\":true,\"num\":-1}]", "not there" },
        { "51-[\"a\",{\"_placeholder\":true,\"num\":0.5}]", "not there" },
        { "51-[\"a\",{\"_placeholder\":true,\"num\":\"0\"}]", "not there" },
        { "51-[\"a\",{\"_placeholder\":true}]", "not there" },
        { "51-[\"a\",{\"deep\":[{\"_placeholder\":true,\"num\":9}]}]", "not there" },
    };

    [Theory]
    [MemberData(nameof(Illegal))]
    public void An_illegal_packet_is_named(string text, string error)
    {
        Decode(text, out var packet, out var found).ShouldBe(PacketDecodeStatus.Invalid);
        packet.EventName.ShouldBeNull();
        packet.Arguments.Count.ShouldBe(0);
        found.ShouldNotBeNull().ShouldContain(error);
    }

    [Fact]
    public void What_an_attacker_chooses_is_bounded()
    {
        Decode($"2[\"a\",{new string('[', 10_000)}{new string(']', 10_000)}]", out _, out var error).ShouldBe(PacketDecodeStatus.Invalid);
        error.ShouldNotBeNull().ShouldContain("JSON");
        Decode($"2[\"a\",{new string('[', 63)}{new string(']', 63)}]", out _, out _).ShouldBe(PacketDecodeStatus.Complete);
        Decode($"2[\"{new string('a', 257)}\"]", out _, out error).ShouldBe(PacketDecodeStatus.Invalid);
        error.ShouldNotBeNull().ShouldContain("256 bytes");
        Decode($"0/{new string('n', 10_000)},", out _, out error).ShouldBe(PacketDecodeStatus.Invalid);
        error.ShouldNotBeNull().ShouldContain("256 bytes");
        Decode($"2[\"a\"{string.Concat(Enumerable.Repeat(",0", 257))}]", out _, out error).ShouldBe(PacketDecodeStatus.Invalid);
        error.ShouldNotBeNull().ShouldContain("256 arguments");
    }

    [Fact]
    public void The_same_name_is_the_same_string_whatever_others_have_sent()
    {
        Decode("2/room,[\"hello\"]", out var first, out _);
        Decode("2/room,[\"hello\"]", out var second, out _);
        second.EventName.ShouldBeSameAs(first.EventName);
        second.Namespace.ShouldBeSameAs(first.Namespace);

        // Far more than are kept: each takes the place of another one.
        string[] names = [.. Enumerable.Range(0, 5000).Select(number => $"name {number}"), new string('x', 255), "häßlich", "häßlich", "ha\u0308"];
        foreach (var name in names)
        {
            Decode($"2/{name},[\"{name}\"]", out var packet, out _).ShouldBe(PacketDecodeStatus.Complete);
            packet.EventName.ShouldBe(name);
            packet.Namespace[1..].ShouldBe(name);
        }

        Decode("2[\"disconnect\"]", out _, out var error).ShouldBe(PacketDecodeStatus.Invalid);
        Decode("2[\"disconnect\"]", out _, out error).ShouldBe(PacketDecodeStatus.Invalid);
        error.ShouldNotBeNull().ShouldContain("reserved");
    }

    [Fact]
    public void Invalid_utf8_is_refused()
    {
        BinaryReconstructor? pending = null;
        Parser.Decode([.. "2[\"a\",\""u8, 0xC3, 0x28, .. "\"]"u8], binary: false, ref pending, out _, out var error).ShouldBe(PacketDecodeStatus.Invalid);
        error.ShouldNotBeNull().ShouldContain("UTF-8");
    }

    [Fact]
    public void Attachments_come_back_where_they_were()
    {
        BinaryReconstructor? pending = null;
        var header = "52-/up,7[\"a\",{\"name\":\"f\",\"content\":{\"_placeholder\":true,\"num\":1}},{\"num\":0,\"_placeholder\":true}]"u8;
        Parser.Decode(header, binary: false, ref pending, out var packet, out _).ShouldBe(PacketDecodeStatus.Incomplete);
        pending.ShouldNotBeNull().Missing.ShouldBe(2);
        Parser.Decode([1, 2], binary: true, ref pending, out packet, out _).ShouldBe(PacketDecodeStatus.Incomplete);
        Parser.Decode([], binary: true, ref pending, out packet, out _).ShouldBe(PacketDecodeStatus.Complete);
        pending.ShouldBeNull();
        packet.Type.ShouldBe(SocketPacketType.Event);
        packet.AckId.ShouldBe(7);
        packet.Arguments.Get<Upload>(0).Content.ShouldBeEmpty();
        packet.Arguments.Get<byte[]>(1).ShouldBe([1, 2]);
        packet.Arguments.Get<ReadOnlyMemory<byte>>(1).ToArray().ShouldBe([1, 2]);
    }

    [Fact]
    public void Binary_without_a_header_and_text_between_attachments_are_refused()
    {
        BinaryReconstructor? pending = null;
        Parser.Decode([1], binary: true, ref pending, out _, out var error).ShouldBe(PacketDecodeStatus.Invalid);
        error.ShouldNotBeNull().ShouldContain("without the packet");
        Parser.Decode("51-[\"a\",{\"_placeholder\":true,\"num\":0}]"u8, binary: false, ref pending, out _, out _).ShouldBe(PacketDecodeStatus.Incomplete);
        Parser.Decode("2[\"b\"]"u8, binary: false, ref pending, out _, out error).ShouldBe(PacketDecodeStatus.Invalid);
        error.ShouldNotBeNull().ShouldContain("attachments were expected");
    }

    [Fact]
    public void No_truncation_and_no_changed_byte_makes_it_throw()
    {
        foreach (var row in Legal)
        {
            var whole = Encoding.UTF8.GetBytes(row.Data.Item1);
            for (var length = 0; length <= whole.Length; length++)
            {
                BinaryReconstructor? pending = null;
                Parser.Decode(whole.AsSpan(0, length), binary: false, ref pending, out _, out _);
                if (length == whole.Length) continue;
                var changed = whole.ToArray();
                for (var bit = 0; bit < 8; bit++)
                {
                    changed[length] = (byte)(whole[length] ^ (1 << bit));
                    pending = null;
                    Parser.Decode(changed, binary: false, ref pending, out _, out _);
                }
            }
        }
    }

    [Fact]
    public void Random_bytes_never_make_it_throw() =>
        Gen.Select(Gen.OneOf(Starts.Select(Gen.Const).ToArray()), Gen.Byte.Array[0, 40]).Sample((start, rest) =>
        {
            BinaryReconstructor? pending = null;
            var status = Parser.Decode([.. Encoding.UTF8.GetBytes(start), .. rest], binary: false, ref pending, out var packet, out var error);
            return status switch
            {
                PacketDecodeStatus.Complete => error is null && packet.EventName is not null == (packet.Type == SocketPacketType.Event),
                PacketDecodeStatus.Incomplete => pending is not null,
                _ => error is not null,
            };
        });

    // What is encoded is read again: the frames are taken apart as a client would.
    private static SocketPacket RoundTrip(OutboundMessage message)
    {
        BinaryReconstructor? pending = null;
        SocketPacket packet = default;
        var status = PacketDecodeStatus.Incomplete;
        foreach (var slice in message.Packets)
        {
            status.ShouldBe(PacketDecodeStatus.Incomplete);
            var body = message.Frames.Span.Slice(slice.Start, slice.Length);
            status = Parser.Decode(slice.Binary ? body : body[1..], slice.Binary, ref pending, out packet, out var error);
            error.ShouldBeNull();
        }

        status.ShouldBe(PacketDecodeStatus.Complete);
        return packet;
    }

    private static string Text(OutboundMessage message)
    {
        var first = message.Packets[0];
        return Encoding.UTF8.GetString(message.Frames.Span.Slice(first.Start + 1, first.Length - 1));
    }

    [Fact]
    public void What_is_encoded_is_read_again() =>
        Gen.Select(Gen.String, Gen.Long, Gen.Byte.Array, Gen.Long[0, 1L << 50].Nullable(), Gen.Bool).Sample((text, number, bytes, ackId, withBytes) =>
        {
            text = string.Concat(text.EnumerateRunes().Select(rune => rune.ToString()));
            var arguments = withBytes ? PacketArguments.Of(Json, text, number, bytes) : PacketArguments.Of(Json, text, number);
            var packet = RoundTrip(Parser.Encode(SocketPacketType.Event, "/ns", ackId, "event", arguments));
            return packet.Namespace == "/ns" && packet.AckId == ackId && packet.EventName == "event"
                && packet.Arguments.Get<string>(0) == text && packet.Arguments.Get<long>(1) == number
                && packet.Arguments.Count == (withBytes ? 3 : 2) && (!withBytes || packet.Arguments.Get<byte[]>(2).AsSpan().SequenceEqual(bytes));
        });

    [Fact]
    public void The_official_text_is_written()
    {
        Text(Parser.Encode(SocketPacketType.Event, "/", null, "a", EventArguments.Empty)).ShouldBe("2[\"a\"]");
        Text(Parser.Encode(SocketPacketType.Event, "/n", 3, "a", PacketArguments.Of(Json, 1, "é<\"\n"))).ShouldBe("2/n,3[\"a\",1,\"é<\\\"\\n\"]");
        Text(Parser.Encode(SocketPacketType.Ack, "/", 12, null, PacketArguments.Of(Json, new Greeting("x")))).ShouldBe("312[{\"name\":\"x\",\"times\":1,\"note\":null}]");
        Text(Parser.Encode(SocketPacketType.Event, "/", null, "a", EventArguments.Empty, offset: "o1")).ShouldBe("2[\"a\",\"o1\"]");
        Text(Parser.Encode(SocketPacketType.Ack, "/", 1, null, PacketArguments.Of(Json, new byte[] { 1 }, new byte[] { 2 })))
            .ShouldBe("62-1[{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]");
        Text(Parser.EncodeControl(SocketPacketType.Connect, "/n", "{\"sid\":\"s\"}"u8)).ShouldBe("0/n,{\"sid\":\"s\"}");
        Text(Parser.EncodeControl(SocketPacketType.Disconnect, "/", default)).ShouldBe("1");
    }

    [Fact]
    public void Text_that_is_not_valid_unicode_is_repaired_on_the_way_out()
    {
        var message = Parser.Encode(SocketPacketType.Event, "/", null, "a", PacketArguments.Of(Json, "x\ud800y"));
        RoundTrip(message).Arguments.Get<string>(0).ShouldBe("x\ufffdy");
    }

    [Fact]
    public void Compression_is_a_choice_of_the_packet()
    {
        Parser.Encode(SocketPacketType.Event, "/", null, "a", EventArguments.Empty, compress: false).Compress.ShouldBeFalse();
        Parser.Encode(SocketPacketType.Event, "/", null, "a", EventArguments.Empty).Compress.ShouldBeTrue();
    }

    [Fact]
    public void Arguments_are_passed_on_as_they_came()
    {
        BinaryReconstructor? pending = null;
        Parser.Decode("51-[\"a\",{\"_placeholder\":true,\"num\":0}, { \"k\" : \"\\ud800\" }]"u8, binary: false, ref pending, out _, out _);
        Parser.Decode([9], binary: true, ref pending, out var packet, out _);
        var again = Parser.Encode(SocketPacketType.Event, "/", null, "b", packet.Arguments);
        Text(again).ShouldBe("51-[\"b\",{\"_placeholder\":true,\"num\":0},{ \"k\" : \"\\ud800\" }]");
        RoundTrip(again).Arguments.Get<byte[]>(0).ShouldBe([9]);
        var answer = Parser.Encode(SocketPacketType.Ack, "/", 5, null, packet.Arguments, once: true);
        Text(answer).ShouldBe("61-5[{\"_placeholder\":true,\"num\":0},{ \"k\" : \"\\ud800\" }]");
        RoundTrip(answer).Arguments.Get<byte[]>(0).ShouldBe([9]);
        Text(Parser.Encode(SocketPacketType.Ack, "/", 5, null, EventArguments.Empty)).ShouldBe("35[]");
        Text(Parser.Encode(SocketPacketType.Ack, "/", 5, null, EventArguments.Parse("[1 ,\"2\",\t[3]]"u8, Json))).ShouldBe("35[1,\"2\",[3]]");
    }

    [Fact]
    public void A_failed_encoding_leaves_nothing_behind()
    {
        Should.Throw<InvalidOperationException>(() => PacketArguments.Of(Json, new Unregistered(1))).Message.ShouldContain("[JsonSerializable(typeof(Unregistered))]");
        Should.Throw<Exception>(() => Parser.Encode(SocketPacketType.Event, "/", null, "a", PacketArguments.Of(Json, double.NaN)));
        Text(Parser.Encode(SocketPacketType.Event, "/", null, "a", PacketArguments.Of(Json, 1))).ShouldBe("2[\"a\",1]");
    }
}
