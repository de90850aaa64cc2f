using System.Globalization;
using System.Text;

namespace LoadGenerator;

/// <summary>A Socket.IO client over HTTP long-polling: one connection that asks for packets all the time, another that brings them.</summary>
internal sealed class PollingClient : Client
{
    private const byte Separator = 0x1e;

    private readonly HttpChannel _poll;
    private readonly HttpChannel _post;
    private readonly Queue<byte[]> _toPost = new();
    private string _path = "/socket.io/?EIO=4&transport=polling";
    private byte[] _pollRequest = [];
    private bool _posting;

    public PollingClient(EventLoop loop, int port, Dialect dialect, IClientEvents events)
        : base(dialect, events)
    {
        _poll = new HttpChannel(loop, port) { Connected = Poll, Answered = OnPolled, Lost = OnChannelLost };
        _post = new HttpChannel(loop, port) { Connected = PostNext, Answered = OnPosted, Lost = OnChannelLost };
    }

    /// <inheritdoc />
    public override bool IsOpen => _poll.IsOpen;

    /// <inheritdoc />
    public override void Open()
    {
        _pollRequest = Request("GET", []);
        _poll.Open();
    }

    /// <inheritdoc />
    public override byte[] Prepare(ReadOnlySpan<byte> message) => Request("POST", message);

    /// <inheritdoc />
    protected override void Transmit(ReadOnlySpan<byte> prepared)
    {
        _toPost.Enqueue(prepared.ToArray());
        if (!_post.IsOpen) _post.Open();
        else if (!_posting && _post.IsConnected) PostNext();
    }

    /// <inheritdoc />
    public override void StopReading(int receiveBuffer) => _poll.StopReading(receiveBuffer);

    /// <inheritdoc />
    public override void Drop(bool reset)
    {
        _poll.Close(reset);
        _post.Close(reset);
    }

    private void Poll() => _poll.Send(_pollRequest);

    private void OnPolled(ReadOnlySpan<byte> body)
    {
        if (body.StartsWith("0{"u8))
        {
            const string Key = "\"sid\":\"";
            var text = Encoding.UTF8.GetString(body);
            var start = text.IndexOf(Key, StringComparison.Ordinal) + Key.Length;
            _path += $"&sid={text[start..text.IndexOf('"', start)]}";
            _pollRequest = Request("GET", []);
        }

        while (!body.IsEmpty && IsOpen)
        {
            var end = body.IndexOf(Separator);
            Dialect.OnMessage(this, end < 0 ? body : body[..end]);
            body = end < 0 ? [] : body[(end + 1)..];
        }

        if (IsOpen) Poll();
    }

    private void PostNext()
    {
        if (!_toPost.TryDequeue(out var request)) return;
        _posting = true;
        _post.Send(request);
    }

    private void OnPosted(ReadOnlySpan<byte> body)
    {
        _posting = false;
        if (IsOpen) PostNext();
    }

    private void OnChannelLost(string why)
    {
        Drop(reset: true);
        Events.OnLost(this, why);
    }

    private byte[] Request(string method, ReadOnlySpan<byte> body)
    {
        var type = body.IsEmpty ? "" : string.Create(CultureInfo.InvariantCulture, $"Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {body.Length}\r\n");
        return [.. Encoding.ASCII.GetBytes($"{method} {_path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{type}\r\n"), .. body];
    }
}
