namespace SocketIO.Protocol;

/// <summary>
/// What a client sent does not fit the type that the handler asked for. A handler may throw it too: the client's ack gets
/// <c>{ ok: false, error: { code: "invalid", message } }</c>.
/// </summary>
public sealed class InvalidPayloadException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="message">Shown to the client.</param>
    /// <param name="field">The field that does not fit.</param>
    /// <param name="innerException">What found it; it is logged, not shown.</param>
    public InvalidPayloadException(string message, string? field = null, Exception? innerException = null) : base(message, innerException) => Field = field;

    /// <summary>The field that does not fit, as a JSON path without <c>$.</c>, or null when it is the argument itself.</summary>
    public string? Field { get; }
}
