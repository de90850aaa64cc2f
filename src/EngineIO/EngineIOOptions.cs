using Microsoft.AspNetCore.Http;

namespace EngineIO;

/// <summary>Every limit and time-out of an Engine.IO server. Defaults are the official server's where it has the setting.</summary>
/// <remarks>Read when the server is made and while it runs: do not change them after that.</remarks>
public sealed class EngineIOOptions
{
    /// <summary>Time between a pong and the next ping that the server sends. Default 25 s.</summary>
    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>
    /// Time the client has to answer a ping before its session is closed with <c>ping timeout</c>. Default 20 s. It does not run out while the
    /// server itself is not reading because the application still handles an earlier message.
    /// </summary>
    public TimeSpan PingTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Time that a transport upgrade may take before it is given up; the session then stays on polling. Default 10 s.</summary>
    public TimeSpan UpgradeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Time that a graceful close may take: first for what is queued to be sent, then for the client to answer a WebSocket close frame. After it the
    /// connection is cut. Default 10 s.
    /// </summary>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Largest message, in bytes, that a client may send; also the largest polling body in either direction. Default 1,000,000.</summary>
    public int MaxHttpBufferSize { get; set; } = 1_000_000;

    /// <summary>
    /// Packets in one polling body that a client may send; a body with more is answered 400 and ends the session. Default 4,096: far beyond what a
    /// client collects while one request is on its way, far below what would occupy the server.
    /// </summary>
    public int MaxPacketsPerPayload { get; set; } = 4096;

    /// <summary>Sessions that may be open at once; a handshake beyond is answered 503. Default 200,000.</summary>
    public int MaxSessions { get; set; } = 200_000;

    /// <summary>Transports that are served. Default polling and WebSocket.</summary>
    public EngineTransports Transports { get; set; } = EngineTransports.Polling | EngineTransports.WebSocket;

    /// <summary>Whether a polling session may be upgraded to WebSocket. Default true.</summary>
    public bool AllowUpgrades { get; set; } = true;

    /// <summary>Cookie that carries the session id, for sticky load balancing. Default none; <see cref="CreateCookie"/> makes the usual one.</summary>
    public CookieBuilder? Cookie { get; set; }

    /// <summary>Cross-origin access. Default none: no headers are sent, and a WebSocket is accepted whatever its <c>Origin</c>.</summary>
    public EngineIOCorsOptions? Cors { get; set; }

    /// <summary>Whether polling answers are compressed (gzip or deflate) for clients that accept it. Default true.</summary>
    public bool HttpCompression { get; set; } = true;

    /// <summary>Smallest polling answer, in bytes, that is compressed. Default 1,024.</summary>
    public int HttpCompressionThreshold { get; set; } = 1024;

    /// <summary>
    /// Whether WebSocket messages are compressed for clients that offer it. Default false. No compression context is kept between messages, so that a
    /// broadcast is compressed once for everybody and an idle connection costs no memory for it.
    /// </summary>
    public bool PerMessageDeflate { get; set; }

    /// <summary>Smallest WebSocket message, in bytes, that is compressed. Default 1,024.</summary>
    public int PerMessageDeflateThreshold { get; set; } = 1024;

    /// <summary>
    /// Hard limit, in bytes, of what may wait for one client. Beyond it the session is closed with <c>slow consumer</c>. Default 16 MiB. One message is
    /// always accepted by an empty queue, however large; and what comes while the server has yet to write what it owes the client counts against the limit of all alone,
    /// <see cref="MaxTotalQueuedBytes"/>.
    /// </summary>
    public long MaxQueuedBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>Hard limit of messages that may wait for one client, as small ones cost more than their bytes; otherwise as <see cref="MaxQueuedBytes"/>. Default 16,384.</summary>
    public int MaxQueuedMessages { get; set; } = 16_384;

    /// <summary>
    /// Soft limit, in bytes, of what may wait for one client: beyond it the session is closed if the client has taken nothing for
    /// <see cref="StalledWriteTimeout"/>. Default 1 MiB. Bytes alone would close healthy clients whenever the server is the slower side.
    /// </summary>
    public long SoftQueuedBytes { get; set; } = 1024 * 1024;

    /// <summary>Time without progress after which a client beyond <see cref="SoftQueuedBytes"/> is given up. Default 10 s.</summary>
    public TimeSpan StalledWriteTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// What may wait for all clients together, in bytes of memory; a message that waits for several counts once. When it is spent, sessions are closed with
    /// <c>slow consumer</c> until it holds again: those that have taken nothing for a second first, the more they hold and the longer it lasts the sooner; others only if
    /// that is not enough, those with the most waiting first. Default 512 MiB.
    /// </summary>
    public long MaxTotalQueuedBytes { get; set; } = 512L * 1024 * 1024;

    /// <summary>
    /// What may be kept of messages that clients have sent in part, of all together, in bytes of memory: fragments of a WebSocket message, bodies of POSTs, packets whose
    /// attachments are still to come. When it is more, sessions are closed with <c>transport error</c> until it holds again, those first that have kept the server waiting
    /// longest. Default 256 MiB.
    /// </summary>
    public long MaxTotalIncompleteBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>
    /// Asked before a session is opened: null lets it in, anything else is the message of the answer 403. What it throws is logged and refuses too. Default none.
    /// </summary>
    public Func<HttpContext, ValueTask<string?>>? AllowRequest { get; set; }

    /// <summary>Called before the answer to the first request of a session is sent, to add to its headers. Default none.</summary>
    public Action<HttpContext, IHeaderDictionary>? OnInitialHeaders { get; set; }

    /// <summary>Called before the answer to any request of a session is sent, to add to its headers. Default none.</summary>
    public Action<HttpContext, IHeaderDictionary>? OnHeaders { get; set; }

    /// <summary>The official server's cookie: <c>io</c>, path <c>/</c>, HTTP only, same site <c>lax</c>.</summary>
    public static CookieBuilder CreateCookie() => new() { Name = "io", Path = "/", HttpOnly = true, SameSite = SameSiteMode.Lax };

    /// <summary>Checks every setting. <see cref="Sessions.EngineServer"/> calls it when it is made.</summary>
    /// <exception cref="InvalidOperationException">A setting is wrong; the message names it, its value and what would be right.</exception>
    public void Validate()
    {
        RequirePositive(PingInterval, nameof(PingInterval));
        RequirePositive(PingTimeout, nameof(PingTimeout));
        RequirePositive(UpgradeTimeout, nameof(UpgradeTimeout));
        RequirePositive(CloseTimeout, nameof(CloseTimeout));
        RequirePositive(StalledWriteTimeout, nameof(StalledWriteTimeout));
        RequireAtLeast(MaxHttpBufferSize, 1, nameof(MaxHttpBufferSize));
        RequireAtLeast(MaxPacketsPerPayload, 1, nameof(MaxPacketsPerPayload));
        RequireAtLeast(MaxSessions, 1, nameof(MaxSessions));
        RequireAtLeast(HttpCompressionThreshold, 0, nameof(HttpCompressionThreshold));
        RequireAtLeast(PerMessageDeflateThreshold, 0, nameof(PerMessageDeflateThreshold));
        RequireAtLeast(MaxQueuedMessages, 1, nameof(MaxQueuedMessages));
        RequireAtLeast(MaxQueuedBytes, 1, nameof(MaxQueuedBytes));
        RequireAtLeast(SoftQueuedBytes, 0, nameof(SoftQueuedBytes));
        RequireAtLeast(MaxTotalQueuedBytes, 1, nameof(MaxTotalQueuedBytes));
        RequireAtLeast(MaxTotalIncompleteBytes, 1, nameof(MaxTotalIncompleteBytes));
        if (MaxHttpBufferSize > Array.MaxLength / 2)
            throw Invalid(nameof(MaxHttpBufferSize), MaxHttpBufferSize, $"give at most {Array.MaxLength / 2} bytes.");
        if (SoftQueuedBytes > MaxQueuedBytes)
            throw Invalid(nameof(SoftQueuedBytes), SoftQueuedBytes, $"give at most {nameof(MaxQueuedBytes)}, which is {MaxQueuedBytes}.");
        const EngineTransports All = EngineTransports.Polling | EngineTransports.WebSocket;
        if (Transports == EngineTransports.None || (Transports & ~All) != EngineTransports.None)
            throw Invalid(nameof(Transports), Transports, "give Polling, WebSocket or both.");
        if (Cookie is { } cookie && string.IsNullOrEmpty(cookie.Name))
            throw Invalid($"{nameof(Cookie)}.{nameof(CookieBuilder.Name)}", "", $"give it a name, or start from {nameof(CreateCookie)}().");
        Cors?.Validate();
    }

    internal static InvalidOperationException Invalid(string setting, object value, string right) =>
        new($"{nameof(EngineIOOptions)}.{setting} is {(value is "" ? "empty" : value)}: {right}");

    private static void RequirePositive(TimeSpan value, string setting)
    {
        if (value <= TimeSpan.Zero || value > TimeSpan.FromDays(365))
            throw Invalid(setting, value, "give a time of more than zero and at most a year.");
    }

    private static void RequireAtLeast(long value, long least, string setting)
    {
        if (value < least)
            throw Invalid(setting, value, $"give at least {least}.");
    }
}
