using System.Net.WebSockets;
using System.Text;
using System.Text.Unicode;
using CsCheck;
using EngineIO.Tests.Hosting;

namespace EngineIO.Tests.Transports;

/// <summary>The frame reader beside the framework's own WebSocket: both get the same bytes, in pieces of the same sizes, and must find the same.</summary>
public sealed class WebSocketFrameReaderOracleTests
{
    // Left out is what the framework lets pass: frames without a mask, lengths that are not in their shortest form.
    private static readonly int[] Statuses = [999, 1000, 1001, 1002, 1003, 1005, 1006, 1007, 1009, 1011, 2000, 2999, 3000, 4999, 5000];

    private static readonly Gen<byte[]> Payload = Gen.Frequency(
        (60, Gen.Byte.Array[0, 20]),
        (30, Gen.Byte.Array[100, 300]),
        (1, Gen.Byte.Array[65_530, 65_540]));

    private static readonly Gen<byte[]> TextPayload = Gen.Frequency(
        (10, OneOf('a', 'z', 'é', '€', '\uffff').Array[0, 60].Select(Encoding.UTF8.GetBytes)),
        (3, Gen.Int[0x10000, 0x10ffff].Array[0, 20].Select(runes => Encoding.UTF8.GetBytes(string.Concat(runes.Select(char.ConvertFromUtf32))))),
        (1, Gen.Byte.Array[0, 10]));

    private static readonly Gen<byte[]> Control = Gen.Select(OneOf<byte>(0x89, 0x8a), Gen.Frequency((5, Gen.Byte.Array[0, 8]), (1, Gen.Byte.Array[120, 125])), Gen.UInt, Frame);

    private static readonly Gen<byte[]> CloseFrame = Gen.OneOf(
        Gen.UInt.Select(mask => Frame(0x88, [], mask)),
        Gen.Select(OneOf(Statuses), Gen.OneOf(Gen.Const(Array.Empty<byte>()), Gen.Const("bye €"u8.ToArray()), Gen.Byte.Array[1, 5]), Gen.UInt, (status, reason, mask) =>
            Frame(0x88, [(byte)(status >> 8), (byte)status, .. reason], mask)));

    [Fact]
    public Task Same_is_found_as_by_the_framework() => SampleAsync(compressed: false);

    [Fact]
    public Task Same_is_found_as_by_the_framework_when_messages_are_compressed() => SampleAsync(compressed: true);

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static Task SampleAsync(bool compressed)
    {
        var message = Gen.OneOf(Gen.Select(Gen.Const(false), Payload), Gen.Select(Gen.Const(true), TextPayload)).SelectMany((text, payload) =>
            Gen.Select(Gen.Int[0, payload.Length].Array[0, 3], Control.Array[0, 2], Gen.Bool, Gen.UInt, (cuts, between, deflate, mask) =>
                Message(text, payload, cuts, between, compressed && deflate, mask)));

        // What is no deflated data may be taken for different things, and the framework takes compressed pings: that bit is left to the vectors.
        var anything = Gen.Select(Gen.Byte.Select(first => compressed ? (byte)(first & 0xbf) : first), Gen.Byte.Array[0, 130], Gen.UInt, Frame);
        var item = Gen.Frequency((20, message), (4, Control), (1, CloseFrame), (1, anything));
        return Gen.Select(item.Array[1, 12], Gen.Int[1, 3000], Gen.Bool).SampleAsync(
            async (frames, size, whole) =>
            {
                var bytes = frames.SelectMany(frame => frame).ToArray();
                var pieces = bytes.Chunk(whole ? bytes.Length : size).ToList();
                var found = FrameReading.Read(pieces, limit: 1_000_000, compressed)
                    .Where(line => !line.StartsWith("Pong", StringComparison.Ordinal))
                    .Select(Simplify)
                    .ToList();
                Compare(found, await new Oracle(pieces, compressed).ReadAsync());
            },
            iter: 1000);
    }

    // The framework calls a close frame without a status a normal one, one with an invalid reason a protocol error, and does not say what is wrong.
    private static string Simplify(string line) => line switch
    {
        "close 1005" => "close 1000",
        "1007 The reason in a close frame is not UTF-8." => "1002",
        _ when line.StartsWith("100", StringComparison.Ordinal) => line[..4],
        _ => line,
    };

    // The framework sees invalid UTF-8 before the message is whole; until then something else may be found wrong, or the bytes may end. No message comes out of it either way.
    private static void Compare(List<string> found, List<string> oracle)
    {
        if (oracle is not [.. var before, "1007"] || found.SequenceEqual(oracle))
        {
            found.ShouldBe(oracle);
            return;
        }

        found.Take(before.Count).ShouldBe(before);
        found.Skip(before.Count).ShouldNotContain(line => line.StartsWith("Text", StringComparison.Ordinal) || line.StartsWith("Binary", StringComparison.Ordinal));
    }

    private static byte[] Message(bool text, byte[] payload, int[] cuts, byte[][] between, bool deflate, uint mask)
    {
        var sent = deflate ? FrameReading.Deflate(payload) : payload;
        var first = (byte)((text ? 0x01 : 0x02) | (deflate ? 0x40 : 0));
        int[] ends = [.. cuts.Select(cut => Math.Min(cut, sent.Length)).Order(), sent.Length];
        var bytes = new List<byte>();
        var start = 0;
        for (var i = 0; i < ends.Length; i++)
        {
            var final = (byte)(i == ends.Length - 1 ? 0x80 : 0);
            bytes.AddRange(Frame((byte)((i == 0 ? first : 0) | final), sent[start..ends[i]], mask + (uint)i));
            if (final == 0 && i < between.Length)
                bytes.AddRange(between[i]);
            start = ends[i];
        }

        return [.. bytes];
    }

    private static byte[] Frame(byte first, byte[] payload, uint mask) => RawWebSocket.Frame(first, payload, mask: mask);

    /// <summary>The framework's WebSocket over the pieces, written down as <see cref="FrameReading.Read"/> does.</summary>
    private sealed class Oracle(List<byte[]> pieces, bool compressed) : Stream
    {
        private readonly Queue<ReadOnlyMemory<byte>> _pieces = new(pieces.Select(piece => new ReadOnlyMemory<byte>(piece)));
        private readonly List<string> _found = [];

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public async Task<List<string>> ReadAsync()
        {
            using var socket = WebSocket.CreateFromStream(this, new WebSocketCreationOptions
            {
                IsServer = true,
                KeepAliveInterval = Timeout.InfiniteTimeSpan,
                DangerousDeflateOptions = compressed ? new WebSocketDeflateOptions { ClientContextTakeover = false, ServerContextTakeover = false } : null,
            });
            var buffer = new byte[100_000];
            var length = 0;
            try
            {
                while (true)
                {
                    var result = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
                    if (result.MessageType == WebSocketMessageType.Close)
                    {
                        _found.Add($"close {(int)socket.CloseStatus!} {FrameReading.Printable(Encoding.UTF8.GetBytes(socket.CloseStatusDescription ?? ""))}".TrimEnd());
                        return _found;
                    }

                    length += result.Count;
                    if (!result.EndOfMessage)
                        continue;

                    // It lets a text pass that ends inside a character when its last fragment is empty.
                    if (result.MessageType == WebSocketMessageType.Text && !Utf8.IsValid(buffer.AsSpan(0, length)))
                    {
                        _found.Add("1007");
                        return _found;
                    }

                    _found.Add($"{result.MessageType} {FrameReading.Printable(buffer.AsSpan(0, length))}".TrimEnd());
                    length = 0;
                }
            }
            catch (WebSocketException)
            {
                // What it wrote before says why; after the end of the pieces it wrote nothing.
                return _found;
            }
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!_pieces.TryPeek(out var piece))
                return new ValueTask<int>(0);
            var count = Math.Min(buffer.Length, piece.Length);
            piece[..count].CopyTo(buffer);
            _pieces.Dequeue();
            if (count < piece.Length)
            {
                var others = _pieces.ToArray();
                _pieces.Clear();
                _pieces.Enqueue(piece[count..]);
                foreach (var other in others)
                    _pieces.Enqueue(other);
            }

            return new ValueTask<int>(count);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var payload = buffer.Span[2..];
            if (buffer.Span[0] == 0x8a)
                _found.Add($"Ping {FrameReading.Printable(payload)}".TrimEnd());
            else
                _found.Add($"{(payload[0] << 8) | payload[1]}");
            return ValueTask.CompletedTask;
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
