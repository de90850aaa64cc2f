using System.Buffers.Text;
using System.Text;

namespace LoadGenerator;

/// <summary>One kept-alive HTTP connection with at most one request under way.</summary>
internal sealed class HttpChannel(EventLoop loop, int port) : TcpConnection(loop, port)
{
    /// <summary>Handles the body of an answer 200.</summary>
    public delegate void AnswerHandler(ReadOnlySpan<byte> body);

    /// <summary>The connection is there.</summary>
    public required Action Connected { get; init; }

    /// <summary>The request has been answered.</summary>
    public required AnswerHandler Answered { get; init; }

    /// <summary>The connection has ended, or a request was refused.</summary>
    public required Action<string> Lost { get; init; }

    /// <summary>Whether requests can be sent.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>Begins to connect.</summary>
    public void Open() => Connect();

    /// <inheritdoc />
    protected override void OnConnected()
    {
        IsConnected = true;
        Connected();
    }

    /// <inheritdoc />
    protected override void OnLost(string why) => Lost(why);

    /// <inheritdoc />
    protected override int OnReceived(ReadOnlySpan<byte> data)
    {
        var end = data.IndexOf("\r\n\r\n"u8);
        if (end < 0) return 0;
        var head = data[..(end + 2)];
        var rest = data[(end + 4)..];
        int used;
        ReadOnlySpan<byte> body;
        if (Find(head, "transfer-encoding: chunked"u8) >= 0)
        {
            if (!TryReadChunks(rest, out var whole, out used)) return 0;
            body = whole;
        }
        else
        {
            var name = "content-length: "u8;
            var at = Find(head, name);
            var length = 0;
            if (at >= 0) _ = Utf8Parser.TryParse(head[(at + name.Length)..], out length, out _);
            if (rest.Length < length) return 0;
            body = rest[..length];
            used = length;
        }

        if (!data.StartsWith("HTTP/1.1 200"u8)) throw new LoadException($"a request was refused: {Encoding.UTF8.GetString(data[..Math.Min(data.Length, 300)])}");
        Answered(body);
        return end + 4 + used;
    }

    private static int Find(ReadOnlySpan<byte> head, ReadOnlySpan<byte> lowerCase)
    {
        for (var at = 0; at + lowerCase.Length <= head.Length; at++)
        {
            if (Ascii.EqualsIgnoreCase(head.Slice(at, lowerCase.Length), lowerCase)) return at;
        }

        return -1;
    }

    private static bool TryReadChunks(ReadOnlySpan<byte> data, out byte[] body, out int used)
    {
        var whole = new List<byte>();
        body = [];
        used = 0;
        while (true)
        {
            var line = data[used..].IndexOf("\r\n"u8);
            if (line < 0 || !Utf8Parser.TryParse(data.Slice(used, line), out int size, out _, 'x')) return false;
            var start = used + line + 2;
            if (data.Length < start + size + 2) return false;
            whole.AddRange(data.Slice(start, size));
            used = start + size + 2;
            if (size != 0) continue;
            body = [.. whole];
            return true;
        }
    }
}
