using System.Collections;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EngineIO.Epoll;

/// <summary>An <see cref="UpgradeRequest"/> and its answer, as the features that the application's context is made of.</summary>
/// <remarks>
/// Threading: the request's own, one thread at a time; <see cref="Abort"/> by any thread. An answer that is no upgrade is kept until the application has finished, and ends the connection: it is
/// an error's few words. Nothing of it is used again for another request.
/// </remarks>
#pragma warning disable CA1001 // The token source has neither a timer nor a link: canceling it is all that its end needs.
internal sealed class UpgradeExchange(UpgradeRequest request, EpollConnection connection, string connectionId, IPEndPoint? remote)
    : IFeatureCollection, IHttpRequestFeature, IHttpResponseFeature, IHttpResponseBodyFeature, IHttpUpgradeFeature, IHttpConnectionFeature, IHttpRequestLifetimeFeature,
        IHttpRequestIdentifierFeature, IHttpRequestBodyDetectionFeature
#pragma warning restore CA1001
{
    private static readonly Type[] Features =
    [
        typeof(IHttpRequestFeature), typeof(IHttpResponseFeature), typeof(IHttpResponseBodyFeature), typeof(IHttpUpgradeFeature), typeof(IHttpConnectionFeature),
        typeof(IHttpRequestLifetimeFeature), typeof(IHttpRequestIdentifierFeature), typeof(IHttpRequestBodyDetectionFeature),
    ];

    private Stack<(Func<object, Task> Callback, object State)>? _onStarting;
    private Stack<(Func<object, Task> Callback, object State)>? _onCompleted;
    private CancellationTokenSource? _aborted;
    private CancellationToken? _requestAborted;
    private string? _identifier;
    private IPEndPoint? _local;
    private BoundedStream? _body;
    private PipeWriter? _bodyWriter;
    private bool _accepted;

    /// <inheritdoc />
    public bool HasStarted { get; private set; }

    /// <inheritdoc cref="IHttpResponseFeature.StatusCode" />
    public int StatusCode { get; set; } = StatusCodes.Status200OK;

    /// <inheritdoc />
    public string? ReasonPhrase { get; set; }

    bool IFeatureCollection.IsReadOnly => true;

    int IFeatureCollection.Revision => 0;

    string IHttpRequestFeature.Protocol { get; set; } = HttpProtocol.Http11;

    string IHttpRequestFeature.Scheme { get; set; } = "http";

    string IHttpRequestFeature.Method { get; set; } = HttpMethods.Get;

    string IHttpRequestFeature.PathBase { get; set; } = "";

    string IHttpRequestFeature.Path { get; set; } = request.Path;

    string IHttpRequestFeature.QueryString { get; set; } = request.Query;

    string IHttpRequestFeature.RawTarget { get; set; } = request.Path + request.Query;

    IHeaderDictionary IHttpRequestFeature.Headers { get; set; } = request.Headers;

    Stream IHttpRequestFeature.Body { get; set; } = Stream.Null;

    bool IHttpRequestBodyDetectionFeature.CanHaveBody => false;

    string IHttpRequestIdentifierFeature.TraceIdentifier { get => _identifier ??= $"{((IHttpConnectionFeature)this).ConnectionId}:00000001"; set => _identifier = value; }

    IHeaderDictionary IHttpResponseFeature.Headers { get; set; } = new HeaderDictionary(4);

#pragma warning disable CS0618 // The interface has it; who writes uses the body feature.
    Stream IHttpResponseFeature.Body { get; set; } = Stream.Null;
#pragma warning restore CS0618

    Stream IHttpResponseBodyFeature.Stream => Body;

    PipeWriter IHttpResponseBodyFeature.Writer => _bodyWriter ??= PipeWriter.Create(Body, new StreamPipeWriterOptions(leaveOpen: true));

    bool IHttpUpgradeFeature.IsUpgradableRequest => !HasStarted;

    string IHttpConnectionFeature.ConnectionId { get; set; } = connectionId;

    IPAddress? IHttpConnectionFeature.RemoteIpAddress { get; set; } = remote?.Address;

    int IHttpConnectionFeature.RemotePort { get; set; } = remote?.Port ?? 0;

    IPAddress? IHttpConnectionFeature.LocalIpAddress
    {
        get => Local?.Address;
        set => _local = new IPEndPoint(value ?? IPAddress.None, Local?.Port ?? 0);
    }

    int IHttpConnectionFeature.LocalPort
    {
        get => Local?.Port ?? 0;
        set => _local = new IPEndPoint(Local?.Address ?? IPAddress.None, value);
    }

    CancellationToken IHttpRequestLifetimeFeature.RequestAborted
    {
        get => _requestAborted ??= ListenForAbort();
        set => _requestAborted = value;
    }

    private BoundedStream Body => _body ??= new BoundedStream();

    private IPEndPoint? Local => _local ??= connection.GetLocalEndPoint();

    object? IFeatureCollection.this[Type key]
    {
        get => Array.IndexOf(Features, key) < 0 ? null : this;
        set => throw new NotSupportedException();
    }

    TFeature? IFeatureCollection.Get<TFeature>()
        where TFeature : default => this is TFeature feature ? feature : default;

    void IFeatureCollection.Set<TFeature>(TFeature? instance)
        where TFeature : default => throw new NotSupportedException();

    IEnumerator<KeyValuePair<Type, object>> IEnumerable<KeyValuePair<Type, object>>.GetEnumerator() =>
        Features.Select(feature => KeyValuePair.Create(feature, (object)this)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable<KeyValuePair<Type, object>>)this).GetEnumerator();

    void IHttpResponseFeature.OnStarting(Func<object, Task> callback, object state)
    {
        if (HasStarted)
            throw new InvalidOperationException("The answer has started.");
        (_onStarting ??= new()).Push((callback, state));
    }

    void IHttpResponseFeature.OnCompleted(Func<object, Task> callback, object state) => (_onCompleted ??= new()).Push((callback, state));

    void IHttpResponseBodyFeature.DisableBuffering() { }

    Task IHttpResponseBodyFeature.StartAsync(CancellationToken cancellationToken) => StartAsync();

    Task IHttpResponseBodyFeature.SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken) =>
        SendFileFallback.SendFileAsync(Body, path, offset, count, cancellationToken);

    Task IHttpResponseBodyFeature.CompleteAsync() => StartAsync();

    async Task<Stream> IHttpUpgradeFeature.UpgradeAsync()
    {
        var accepted = await AcceptAsync();
        _accepted = false;
        await accepted.WriteAsync(ReadOnlyMemory<byte>.Empty);
        return accepted;
    }

    /// <summary>
    /// Accepts the upgrade: the connection is the caller's, to dispose of too. The answer leaves together with what is first written to it, be that nothing.
    /// </summary>
    public async ValueTask<EpollConnection> AcceptAsync()
    {
        if (HasStarted)
            throw new InvalidOperationException("The request has been answered already.");
        StatusCode = StatusCodes.Status101SwitchingProtocols;
        await StartAsync();
        connection.OnPeerGone = null;
        connection.Preamble = UpgradeAnswer.Encode(StatusCode, reason: null, ((IHttpResponseFeature)this).Headers, body: null);
        _accepted = true;
        return connection;
    }

    public void Abort()
    {
        connection.Abort();
        _aborted?.Cancel();
    }

    /// <summary>The application has thrown: whatever it began to answer is replaced, if nothing has been promised yet.</summary>
    public void Fail()
    {
        if (HasStarted)
            return;
        StatusCode = StatusCodes.Status500InternalServerError;
        ReasonPhrase = null;
        ((IHttpResponseFeature)this).Headers.Clear();
        _onStarting = null;
        (_body, _bodyWriter) = (null, null);
    }

    /// <summary>Sends the answer unless it was an upgrade, and ends the connection unless somebody else has it now.</summary>
    public async Task FinishAsync()
    {
        if (_accepted)
            return;
        try
        {
            if (StatusCode != StatusCodes.Status101SwitchingProtocols)
            {
                await StartAsync();
                if (_bodyWriter is not null)
                    await _bodyWriter.FlushAsync();
                await connection.WriteAsync(UpgradeAnswer.Encode(StatusCode, ReasonPhrase, ((IHttpResponseFeature)this).Headers, Body.ToArray()));
            }
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }

    /// <summary>Tells those who wanted to know that all is over.</summary>
    public Task CompleteAsync() => RunAsync(_onCompleted);

    private Task StartAsync()
    {
        if (HasStarted)
            return Task.CompletedTask;
        HasStarted = true;
        return RunAsync(_onStarting);
    }

    private CancellationToken ListenForAbort()
    {
        _aborted = new CancellationTokenSource();
        connection.OnPeerGone = () => ThreadPool.UnsafeQueueUserWorkItem(static aborted => aborted.Cancel(), _aborted, preferLocal: false);
        return _aborted.Token;
    }

    // The last one first, as Kestrel does.
    private static async Task RunAsync(Stack<(Func<object, Task> Callback, object State)>? callbacks)
    {
        while (callbacks?.TryPop(out var registered) == true)
            await registered.Callback(registered.State);
    }

    /// <summary>Room for an error page, and no more: what does not fit fails in the application.</summary>
    private sealed class BoundedStream : MemoryStream
    {
        private const int MaxBytes = 256 * 1024;

        public override void Write(byte[] buffer, int offset, int count)
        {
            if (Length + count > MaxBytes)
                throw new IOException($"An answer that refuses a WebSocket is of at most {MaxBytes} bytes.");
            base.Write(buffer, offset, count);
        }
    }
}
