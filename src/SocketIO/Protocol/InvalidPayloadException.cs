namespace SocketIO.Protocol;

/// <summary>What a client sent does not fit the type that the handler asked for.</summary>
public sealed class InvalidPayloadException : Exception
{
    /// <summary>With a message that can be shown to the client.</summary>
    public InvalidPayloadException(string message, string? field = null, Exception? innerException = null) : base(message, innerException) => Field = field;

    /// <summary>The field that does not fit, as a JSON path without <c>$.</c>, or null when it is the argument itself.</summary>
    public string? Field { get; }
}
