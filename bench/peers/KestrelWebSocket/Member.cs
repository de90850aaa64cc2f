using System.Net.WebSockets;

namespace KestrelWebSocket;

/// <summary>One connection: sends at once when nothing is being sent, else in turn.</summary>
/// <remarks>Threading: any thread sends; <c>_gate</c> guards the queue and whether a send is under way.</remarks>
internal sealed class Member(WebSocket socket)
{
    private readonly Lock _gate = new();
    private readonly Queue<ReadOnlyMemory<byte>> _waiting = new();
    private bool _sending;

    public void Send(ReadOnlyMemory<byte> message)
    {
        lock (_gate)
        {
            if (_sending)
            {
                _waiting.Enqueue(message);
                return;
            }

            _sending = true;
        }

        _ = SendAllAsync(message);
    }

    private async Task SendAllAsync(ReadOnlyMemory<byte> message)
    {
        try
        {
            while (true)
            {
                await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
                lock (_gate)
                {
                    if (_waiting.TryDequeue(out message)) continue;
                    _sending = false;
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection has gone: _sending stays true and nothing more is sent; the one who receives ends the rest.
        }
    }
}
