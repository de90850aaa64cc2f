using System.Collections.Concurrent;
using System.Threading.Channels;
using SocketIOClient;
using SocketIOClient.Transport;
using Client = SocketIOClient.SocketIO;
using ClientOptions = SocketIOClient.SocketIOOptions;

namespace Conformance;

/// <summary>The .NET client under test, which keeps every event until a test asks for it.</summary>
/// <remarks>Threading: the client raises events on threads of its own; channels hand them to the test.</remarks>
internal sealed class DotNetClient : IAsyncDisposable
{
    // Only a server that never answers reaches it.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly string[] EventNames =
        ["auth", "message-back", "thread_joined", "presence", "typing", "message", "message_id_mapping", "read_receipt", "error"];

    private readonly Client _client;
    private readonly ConcurrentDictionary<string, Channel<SocketIOResponse>> _events = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource<string?> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationToken _cancellationToken;

    private DotNetClient(Uri address, ClientTransport how, object? auth, CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        _client = new Client(address, new ClientOptions
        {
            Transport = how == ClientTransport.WebSocket ? TransportProtocol.WebSocket : TransportProtocol.Polling,
            AutoUpgrade = how == ClientTransport.Upgrade,
            Auth = auth,
            Reconnection = false,
        });
        // One listener a name: this client's catch-all listener leaves out events that carry binary.
        foreach (var name in EventNames)
            _client.On(name, response => Events(name).Writer.TryWrite(response));
        _client.OnConnected += (_, _) => _connected.TrySetResult(null);
        _client.OnError += (_, error) => _connected.TrySetResult(error);
    }

    public string Id => _client.Id;

    /// <summary>A client that is connected; throws with the server's words when it was refused.</summary>
    public static async Task<DotNetClient> ConnectAsync(Uri address, ClientTransport how, object? auth, CancellationToken cancellationToken)
    {
        var (client, refusal) = await TryConnectAsync(address, how, auth, cancellationToken);
        return refusal is null ? client : throw new InvalidOperationException($"The connection was refused: {refusal}");
    }

    /// <summary>Tries to connect; answers what the server said when it refused.</summary>
    public static async Task<(DotNetClient Client, string? Refusal)> TryConnectAsync(
        Uri address, ClientTransport how, object? auth, CancellationToken cancellationToken)
    {
        var client = new DotNetClient(address, how, auth, cancellationToken);
        await client._client.ConnectAsync();
        return (client, await client._connected.Task.WaitAsync(Limit, cancellationToken));
    }

    /// <summary>The next event of this name, one of those listened to; the oldest first.</summary>
    public async Task<SocketIOResponse> NextAsync(string name) =>
        await Events(name).Reader.ReadAsync(_cancellationToken).AsTask().WaitAsync(Limit, _cancellationToken);

    /// <summary>Whether an event of this name has come that no test has asked for.</summary>
    public bool Has(string name) => Events(name).Reader.TryPeek(out _);

    public Task EmitAsync(string name, params object[] data) => _client.EmitAsync(name, _cancellationToken, data);

    /// <summary>Sends an event and answers its acknowledgement.</summary>
    public async Task<SocketIOResponse> AskAsync(string name, params object[] data)
    {
        var answer = new TaskCompletionSource<SocketIOResponse>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _client.EmitAsync(name, _cancellationToken, response => answer.TrySetResult(response), data);
        return await answer.Task.WaitAsync(Limit, _cancellationToken);
    }

    /// <summary>Answers the server's question of this name with what it asked.</summary>
    public void AnswerQuestions(string name) =>
        _client.On(name, response => _ = response.CallbackAsync(_cancellationToken, response.GetValue()));

    public async ValueTask DisposeAsync()
    {
        await _client.DisconnectAsync();
        _client.Dispose();
    }

    private Channel<SocketIOResponse> Events(string name) => _events.GetOrAdd(name, static _ => Channel.CreateUnbounded<SocketIOResponse>());
}
