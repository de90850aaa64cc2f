using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Adapters.Specification;

/// <summary>
/// A client that speaks the wire by hand: Socket.IO packets as text, attachments as binary messages, over an Engine.IO WebSocket.
/// It answers pings by itself. Every wait ends after a generous time.
/// </summary>
public sealed class RawClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ClientWebSocket _socket = new();
    private readonly CancellationToken _cancellationToken;
    private readonly byte[] _buffer = new byte[1 << 20];

    private RawClient(CancellationToken cancellationToken) => _cancellationToken = cancellationToken;

    /// <summary>The socket's id, after <see cref="Join"/>.</summary>
    public string Sid { get; private set; } = "";

    /// <summary>The whole answer to the last connect packet.</summary>
    public JsonElement ConnectAnswer { get; private set; }

    public static async Task<RawClient> Open(Uri server, CancellationToken cancellationToken)
    {
        var client = new RawClient(cancellationToken);
        await client._socket.ConnectAsync(new Uri($"ws://{server.Authority}/socket.io/?EIO=4&transport=websocket"), cancellationToken).ConfigureAwait(false);
        using var patience = client.Patient();
        var open = await client.ReceiveMessage(patience.Token).ConfigureAwait(false);
        return open is ['0', ..] ? client : throw new InvalidOperationException($"The handshake was expected, not {open}");
    }

    public async Task Join(string ns = "/", string auth = "")
    {
        await Send($"0{(ns is "/" ? "" : ns + ",")}{auth}").ConfigureAwait(false);
        var answer = await Receive().ConfigureAwait(false);
        var prefix = ns is "/" ? "0" : $"0{ns},";
        if (!answer.StartsWith(prefix + "{", StringComparison.Ordinal)) throw new InvalidOperationException($"The namespace was not joined: {answer}");
        ConnectAnswer = JsonElement.Parse(answer[prefix.Length..]);
        Sid = ConnectAnswer.GetProperty("sid").GetString()!;
    }

    /// <summary>Sends a Socket.IO packet.</summary>
    public Task Send(string packet) => _socket.SendAsync(Encoding.UTF8.GetBytes("4" + packet), WebSocketMessageType.Text, true, _cancellationToken);

    public Task Send(byte[] text) => _socket.SendAsync(text, WebSocketMessageType.Text, true, _cancellationToken);

    public Task SendBinary(byte[] attachment) => _socket.SendAsync(attachment, WebSocketMessageType.Binary, true, _cancellationToken);

    /// <summary>The next Socket.IO packet; <c>&lt;closed&gt;</c> when the server has ended the connection. Binary messages come as <c>bin:</c> and hexadecimal digits.</summary>
    public async Task<string> Receive()
    {
        // One for all: the pings that come meanwhile are no answer.
        using var patience = Patient();
        while (true)
        {
            var message = await ReceiveMessage(patience.Token).ConfigureAwait(false);
            switch (message)
            {
                case "2":
                    await _socket.SendAsync("3"u8.ToArray(), WebSocketMessageType.Text, true, _cancellationToken).ConfigureAwait(false);
                    continue;
                case "1":
                    return "<closed>";
                case ['4', .. var packet]:
                    return packet;
                default:
                    return message;
            }
        }
    }

    /// <summary>Everything up to the end of the connection.</summary>
    public async Task<IReadOnlyList<string>> ReceiveToEnd()
    {
        List<string> packets = [];
        while (await Receive().ConfigureAwait(false) is not "<closed>" and var packet) packets.Add(packet);
        return packets;
    }

    private CancellationTokenSource Patient()
    {
        var patience = CancellationTokenSource.CreateLinkedTokenSource(_cancellationToken);
        patience.CancelAfter(Patience);
        return patience;
    }

    private async Task<string> ReceiveMessage(CancellationToken patience)
    {
        var length = 0;
        try
        {
            while (true)
            {
                var result = await _socket.ReceiveAsync(_buffer.AsMemory(length), patience).ConfigureAwait(false);
                if (result.MessageType == WebSocketMessageType.Close)
                {
                    // As every real client does: the server waits for it, and so would a test that stops the server.
                    if (_socket.State == WebSocketState.CloseReceived)
                        await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, statusDescription: null, patience).ConfigureAwait(false);
                    return "<closed>";
                }

                length += result.Count;
                if (!result.EndOfMessage) continue;
                var bytes = _buffer.AsSpan(0, length);
                return result.MessageType == WebSocketMessageType.Text ? Encoding.UTF8.GetString(bytes) : "bin:" + Convert.ToHexString(bytes);
            }
        }
        catch (WebSocketException)
        {
            return "<closed>";
        }
    }

    /// <summary>Cuts the connection without a word.</summary>
    public void Abort() => _socket.Abort();

    public ValueTask DisposeAsync()
    {
        _socket.Abort();
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
