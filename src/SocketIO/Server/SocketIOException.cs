namespace SocketIO.Server;

/// <summary>
/// Thrown by a handler to fail an event on purpose: the client's ack gets <c>{ ok: false, error: { code, message } }</c>
/// with these words, and nothing is logged as an error.
/// </summary>
public sealed class SocketIOException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="code">A short, stable word for programs.</param>
    /// <param name="message">A sentence for people; shown to the client.</param>
    /// <param name="innerException">What caused it; never shown.</param>
    public SocketIOException(string code, string message, Exception? innerException = null) : base(message, innerException) => Code = code;

    /// <summary>A short, stable word for programs.</summary>
    public string Code { get; }
}
