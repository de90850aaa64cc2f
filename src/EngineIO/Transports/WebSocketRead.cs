using System.Net.WebSockets;

namespace EngineIO.Transports;

/// <summary>One thing that <see cref="WebSocketFrameReader"/> has found.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Payload">The message, the payload of a ping or pong, or the reason in a close frame. Valid until the reader is asked for the next thing.</param>
/// <param name="Status">
/// Of a close frame the client's, <see cref="WebSocketCloseStatus.Empty"/> if it has none; of <see cref="WebSocketReadKind.TooBig"/> and
/// <see cref="WebSocketReadKind.Violation"/> the one to close with.
/// </param>
/// <param name="Problem">What was wrong, in at most 123 bytes, which is what a close frame has room for; null when nothing was.</param>
internal readonly record struct WebSocketRead(
    WebSocketReadKind Kind,
    ReadOnlyMemory<byte> Payload = default,
    WebSocketCloseStatus Status = default,
    string? Problem = null);
