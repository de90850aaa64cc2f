using EngineIO.Epoll;
using EngineIO.Protocol;
using EngineIO.Transports;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.Primitives;

namespace EngineIO.Sessions;

/// <content>What a request is, whether it may be, and who answers it.</content>
public sealed partial class EngineServer
{
    /// <summary>Answers one HTTP request: handshake, poll, post, WebSocket, preflight or error.</summary>
    /// <remarks>
    /// Completes when the answer is written; for a poll that may take until the next ping, for a WebSocket as long as the connection lasts. A request that cannot
    /// be served is answered with the official server's code and message.
    /// </remarks>
    public Task HandleAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (ApplyCors(context))
            return Task.CompletedTask;

        var webSocket = WebSocketHandshake.IsRequested(context);
        var (error, session) = Verify(context.Request, webSocket);
        if (error is null && webSocket && (!WebSocketHandshake.IsValid(context) || (session is not null && !_options.AllowUpgrades)))
            error = EngineError.BadRequest;
        if (error is null && webSocket && !CorsPolicy.AllowsWebSocket(_options.Cors, context.Request))
            error = EngineError.Forbidden;
        if (error is not null)
            return RefuseAsync(context, error);

        // No asynchronous frame of this method's own: it would last as long as the connection.
        if (session is null)
            return _options.AllowRequest is { } allowRequest ? AskAndOpenAsync(context, webSocket, allowRequest) : OpenAsync(context, webSocket);
        return webSocket ? ServeWebSocketAsync(context, session) : ServePollingAsync(context, session);
    }

    /// <summary>
    /// Adds the headers of <see cref="EngineIOOptions.Cors"/> to an answer that the application gives itself, for something that belongs to this server, such as
    /// the client's script. Without CORS options nothing happens.
    /// </summary>
    /// <returns>True when the request was a preflight: it is then answered and needs nothing further.</returns>
    public bool ApplyCors(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return _options.Cors is { } cors && CorsPolicy.Apply(cors, context);
    }

    /// <summary>The official server's checks in its order, so that a request with two faults gets the same answer.</summary>
    private (EngineError? Error, EngineSession? Session) Verify(HttpRequest request, bool webSocket)
    {
        var query = request.Query;
        var transport = Single(query["transport"]) switch
        {
            "polling" => EngineTransports.Polling,
            "websocket" => EngineTransports.WebSocket,
            _ => EngineTransports.None,
        };
        if ((_options.Transports & transport) == EngineTransports.None)
            return (EngineError.UnknownTransport, null);
        if (!CorsPolicy.HasValidCharacters(request.Headers.Origin.ToString()))
            return (EngineError.BadRequest, null);

        var sid = query["sid"];
        if (!StringValues.IsNullOrEmpty(sid))
        {
            if (sid.Count != 1 || !_sessions.TryGetValue(sid.ToString(), out var session) || session.EndIfOverdue())
                return (EngineError.UnknownSession, null);
            var mismatch = webSocket ? transport != EngineTransports.WebSocket : transport != session.Transport || transport != EngineTransports.Polling;
            return mismatch || !SpeaksProtocol4(request) ? (EngineError.BadRequest, null) : (null, session);
        }

        // Over HTTP/2 a WebSocket is opened with CONNECT.
        if (!HttpMethods.IsGet(request.Method) && !(webSocket && HttpMethods.IsConnect(request.Method)))
            return (EngineError.BadHandshakeMethod, null);
        if (webSocket != (transport == EngineTransports.WebSocket))
            return (EngineError.BadRequest, null);
        return (null, null);
    }

    private static bool SpeaksProtocol4(HttpRequest request) => Single(request.Query["EIO"]) is "4";

    /// <summary>Asks the application before anything else is looked at, as the official server does.</summary>
    private async Task AskAndOpenAsync(HttpContext context, bool webSocket, Func<HttpContext, ValueTask<string?>> allowRequest)
    {
        string? refusal;
        try
        {
            refusal = await allowRequest(context);
        }
        catch (Exception exception)
        {
            LogAllowRequestFailed(_logger, exception);
            refusal = "";
        }

        if (refusal is null)
            await OpenAsync(context, webSocket);
        else
            await RefuseAsync(context, refusal.Length == 0 ? EngineError.Forbidden : EngineError.Forbidden with { Message = refusal });
    }

    private Task OpenAsync(HttpContext context, bool webSocket)
    {
        if (!SpeaksProtocol4(context.Request))
            return RefuseAsync(context, EngineError.UnsupportedProtocol);
        if (_closing)
            return RefuseAsync(context, EngineError.ShuttingDown);
        if (SessionCount >= _options.MaxSessions)
            return RefuseAsync(context, EngineError.TooManySessions);
        return webSocket ? ServeWebSocketAsync(context, session: null) : OpenPollingAsync(context);
    }

    private async Task OpenPollingAsync(HttpContext context)
    {
        var sid = NewSessionId();
        AddHeaders(context, sid);
        var session = OpenSession(context, sid, created => new PollingTransport(created, this), sendOpenPacket: null);
        if (session is null)
        {
            await RefuseAsync(context, _closing ? EngineError.ShuttingDown : EngineError.TooManySessions);
            return;
        }

        var canUpgrade = _options.AllowUpgrades && _options.Transports.HasFlag(EngineTransports.WebSocket);
        var response = context.Response;
        var packet = HandshakePacket.Encode(sid, canUpgrade, _options);
        response.ContentType = "text/plain; charset=UTF-8";
        response.ContentLength = packet.Length;
        response.Headers.CacheControl = "no-store";
        await response.Body.WriteAsync(packet, CancellationToken.None);
    }

    private async Task ServePollingAsync(HttpContext context, EngineSession session)
    {
        if (session.Polling is not { } polling)
        {
            await RefuseAsync(context, EngineError.BadRequest);
            return;
        }

        AddHeaders(context, newSid: null);
        if (HttpMethods.IsGet(context.Request.Method))
        {
            // A poll waits for a ping interval, which may be longer than the application lets other requests take.
            context.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
            await polling.PollAsync(context);
        }
        else if (HttpMethods.IsPost(context.Request.Method))
        {
            await polling.PostAsync(context);
        }
        else
        {
            await RefuseAsync(context, EngineError.BadRequest);
        }
    }

    private async Task ServeWebSocketAsync(HttpContext context, EngineSession? session)
    {
        var sid = session is null ? NewSessionId() : null;
        AddHeaders(context, sid);
        var deflate = _options.PerMessageDeflate && PerMessageDeflate.IsAcceptable(context.Request.Headers.SecWebSocketExtensions);
        var stream = await WebSocketHandshake.AcceptAsync(context, deflate);
        var detached = WebSocketHandshake.Detach(context, stream);
        var transport = new WebSocketTransport(detached is null ? context : null, detached ?? stream, this, deflate);
        var probing = session is not null;
        try
        {
            // The client speaks first now, once it has the answer.
            if (probing && detached is not null)
                await detached.WriteAsync(ReadOnlyMemory<byte>.Empty);
            session ??= OpenWebSocket(context, sid!, transport);
        }
        catch (Exception exception) when (detached is not null)
        {
            // It has left whoever would end it otherwise, and the transport does not have it yet.
            await detached.DisposeAsync();
            if (exception is IOException or ObjectDisposedException)
                return;
            throw;
        }

        if (session is not null)
        {
            await RunAsync(transport, session, probing, detached);
            return;
        }

        transport.Abort();
        if (detached is not null)
            await detached.DisposeAsync();
    }

    private EngineSession? OpenWebSocket(HttpContext context, string sid, WebSocketTransport transport) => OpenSession(
        context,
        sid,
        created =>
        {
            transport.Attach(created);
            return transport;
        },
        created => created.SendControl(OutboundMessage.Packet(PacketType.Open, HandshakePacket.Encode(sid, canUpgrade: false, _options).AsSpan(1))));

    /// <summary>Completes with the connection, or at once when it has left its request.</summary>
    private Task RunAsync(WebSocketTransport transport, EngineSession session, bool probing, EpollConnection? detached)
    {
        if (detached is null)
            return transport.RunAsync(session, probing);

        // What the request's own context holds, an activity for instance, would be kept for as long as the connection lasts.
        if (ExecutionContext.IsFlowSuppressed())
        {
            _ = RunDetachedAsync(transport, session, probing);
        }
        else
        {
            using (ExecutionContext.SuppressFlow())
                _ = RunDetachedAsync(transport, session, probing);
        }

        return Task.CompletedTask;
    }

    private async Task RunDetachedAsync(WebSocketTransport transport, EngineSession session, bool probing)
    {
        try
        {
            await transport.RunAsync(session, probing);
        }
        catch (Exception exception)
        {
            LogHandlerFailed(_logger, exception, session.Id);
        }
    }

    private void AddHeaders(HttpContext context, string? newSid)
    {
        if (newSid is not null)
        {
            if (_options.Cookie is { } cookie)
                context.Response.Cookies.Append(cookie.Name!, newSid, cookie.Build(context));
            _options.OnInitialHeaders?.Invoke(context, context.Response.Headers);
        }

        _options.OnHeaders?.Invoke(context, context.Response.Headers);
    }

    private Task RefuseAsync(HttpContext context, EngineError error)
    {
        LogRefused(_logger, error.Code, error.Message);
        return ErrorResponse.WriteAsync(context, error);
    }

    private static string? Single(StringValues values) => values.Count == 1 ? values[0] : null;
}
