using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Chatpulse.Server.Tests.Chat;

/// <summary>
/// A client that speaks the wire itself, so that it can also send what no client library would. Keeps everything it gets, in order.
/// </summary>
public sealed class ChatClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ClientWebSocket _webSocket = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _acks = new();
    private readonly List<ReceivedEvent> _received = [];
    private readonly TaskCompletionSource<JsonElement> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _reading = Task.CompletedTask;
    private JsonElement _answer;
    private string _offset = "";
    private int _lastAck;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Whether it says of each message that it has taken it, as a client of the first hour does not.</summary>
    public bool Acknowledges { get; set; }

    /// <summary>The events that came, in order.</summary>
    public IReadOnlyList<ReceivedEvent> Received
    {
        get
        {
            lock (_received)
                return [.. _received];
        }
    }

    /// <summary>Fields for <c>auth</c> that ask for this connection's session.</summary>
    public string Session => $"""
        "pid":"{_answer.Text("pid")}","offset":"{_offset}"
        """;

    /// <summary>The socket's id.</summary>
    public string Id => _answer.Text("sid");

    /// <summary>Completes when the server has ended the connection, or disconnected the socket.</summary>
    public Task Ended => _ended.Task.WaitAsync(Patience, Cancel);

    /// <summary>Connects; throws <see cref="ConnectErrorException"/> when the server refuses.</summary>
    /// <param name="address">The server's.</param>
    /// <param name="auth">JSON, or null for none.</param>
    /// <param name="query">Added to the query, such as <c>userId=1</c>.</param>
    /// <param name="headers">Added to the opening request.</param>
    public static async Task<ChatClient> ConnectAsync(Uri address, string? auth, string? query = null, params (string Name, string Value)[] headers)
    {
        var client = new ChatClient();
        foreach (var (name, value) in headers)
            client._webSocket.Options.SetRequestHeader(name, value);
        try
        {
            await client._webSocket.ConnectAsync(
                new Uri($"ws://{address.Authority}/socket.io/?EIO=4&transport=websocket{(query is null ? "" : "&" + query)}"), Cancel);
            client._reading = client.ReadAsync();
            await client.SendRawAsync("40" + auth);
            client._answer = await client._connected.Task.WaitAsync(Patience, Cancel);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends an event without asking for an answer.</summary>
    public Task EmitAsync(string name, object payload) => EmitRawAsync(name, JsonSerializer.Serialize(payload));

    /// <summary>Sends an event whose arguments are JSON as it stands.</summary>
    public Task EmitRawAsync(string name, string arguments) => SendRawAsync($"42[\"{name}\"{(arguments.Length == 0 ? "" : "," + arguments)}]");

    /// <summary>Sends an event and waits for its answer.</summary>
    public Task<JsonElement> CallAsync(string name, object payload) => CallRawAsync(name, JsonSerializer.Serialize(payload));

    /// <summary>Sends an event whose arguments are JSON as it stands, and waits for its answer.</summary>
    public async Task<JsonElement> CallRawAsync(string name, string arguments)
    {
        var id = Interlocked.Increment(ref _lastAck);
        var answer = _acks[id] = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendRawAsync($"42{id}[\"{name}\"{(arguments.Length == 0 ? "" : "," + arguments)}]");
        return await answer.Task.WaitAsync(Patience, Cancel);
    }

    /// <summary>Says that an event has been taken, if the server wants to know.</summary>
    public Task AcknowledgeAsync(ReceivedEvent received) => received.AckId.Length == 0 ? Task.CompletedTask : SendRawAsync($"43{received.AckId}[]");

    /// <summary>Completes when everything that the server has emitted to this client by now has come.</summary>
    public Task SyncAsync() => CallAsync("presence:request", new { user_ids = Array.Empty<long>() });

    /// <summary>The first event of a name, now or later, that fits.</summary>
    public async Task<JsonElement> WaitForAsync(string name, Func<JsonElement, bool>? fits = null)
    {
        while (true)
        {
            Task news;
            lock (_received)
            {
                foreach (var received in _received)
                {
                    if (received.Is(name) && (fits is null || fits(received.Payload)))
                        return received.Payload;
                }

                news = _news.Task;
            }

            try
            {
                await news.WaitAsync(Patience, Cancel);
            }
            catch (TimeoutException late)
            {
                throw new TimeoutException($"No fitting {name} came, only: {string.Join(' ', Received)}", late);
            }
        }
    }

    /// <summary>The events of a name that have come by now, after everything emitted has arrived.</summary>
    public async Task<IReadOnlyList<JsonElement>> AllAsync(string name)
    {
        await SyncAsync();
        return [.. Received.Where(received => received.Is(name)).Select(received => received.Payload)];
    }

    /// <summary>Forgets what has come.</summary>
    public async Task ForgetAsync()
    {
        await SyncAsync();
        lock (_received)
            _received.Clear();
    }

    /// <summary>Sends text as one message.</summary>
    public async Task SendRawAsync(string text)
    {
        await _sending.WaitAsync(Cancel);
        try
        {
            await _webSocket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, Cancel);
        }
        finally
        {
            _sending.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _webSocket.Abort();
        await _reading;
        _webSocket.Dispose();
        _sending.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                var result = await _webSocket.ReceiveAsync(buffer, CancellationToken.None);
                if (result.MessageType == WebSocketMessageType.Close)
                    break;
                await message.WriteAsync(buffer.AsMemory(0, result.Count));
                if (!result.EndOfMessage)
                    continue;
                var text = Encoding.UTF8.GetString(message.GetBuffer(), 0, (int)message.Length);
                message.SetLength(0);
                await TakeAsync(text);
            }
        }
        catch (Exception failure) when (failure is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection is gone; whoever waits is told below.
        }

        _ended.TrySetResult();
        _connected.TrySetException(new ConnectErrorException("the connection has ended", default));
        foreach (var ack in _acks.Values)
            ack.TrySetException(new InvalidOperationException("The connection has ended."));
    }

    private async Task TakeAsync(string text)
    {
        if (text is "2")
        {
            await SendRawAsync("3");
        }
        else if (text.StartsWith("40", StringComparison.Ordinal))
        {
            _connected.TrySetResult(JsonElement.Parse(text[2..]));
        }
        else if (text is "41")
        {
            _ended.TrySetResult();
        }
        else if (text.StartsWith("44", StringComparison.Ordinal))
        {
            var error = JsonElement.Parse(text[2..]);
            _connected.TrySetException(new ConnectErrorException(error.Text("message"), error.TryGetProperty("data", out var data) ? data : default));
        }
        else if (text.StartsWith("43", StringComparison.Ordinal))
        {
            var start = text.IndexOf('[', StringComparison.Ordinal);
            if (_acks.TryRemove(int.Parse(text.AsSpan(2, start - 2), System.Globalization.CultureInfo.InvariantCulture), out var ack))
                ack.TrySetResult(JsonElement.Parse(text[start..])[0]);
        }
        else if (text.StartsWith("42", StringComparison.Ordinal))
        {
            var start = text.IndexOf('[', StringComparison.Ordinal);
            var arguments = JsonElement.Parse(text[start..]);
            var received = new ReceivedEvent(arguments[0].GetString()!, arguments[1]) { AckId = text[2..start] };
            if (Acknowledges)
                await AcknowledgeAsync(received);
            if (arguments[arguments.GetArrayLength() - 1] is { ValueKind: JsonValueKind.String } offset && arguments.GetArrayLength() > 2 && received.AckId.Length == 0)
                _offset = offset.GetString()!;
            TaskCompletionSource news;
            lock (_received)
            {
                _received.Add(received);
                news = _news;
                _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            news.TrySetResult();
        }
    }
}

/// <summary>An event that came.</summary>
public sealed record ReceivedEvent(string Name, JsonElement Payload)
{
    /// <summary>The number that an answer has to carry; empty where none is wanted.</summary>
    public string AckId { get; init; } = "";

    public bool Is(string name) => string.Equals(Name, name, StringComparison.Ordinal);

    public override string ToString() => $"{Name} {Payload.GetRawText()}";
}

/// <summary>The server has refused the connection.</summary>
public sealed class ConnectErrorException(string message, JsonElement errorData) : Exception(message)
{
    public JsonElement ErrorData { get; } = errorData;
}
