namespace SocketIO.Server;

/// <summary>Thrown by a namespace's middleware to refuse a socket: the client gets <c>connect_error</c> with the message and the data.</summary>
public sealed class ConnectRefusedException : Exception
{
    /// <summary>With a message that is shown to the client.</summary>
    public ConnectRefusedException(string message) : base(message) { }

    /// <summary>With data that becomes <c>err.data</c>; its type must be known to <see cref="SocketIOOptions.Json"/>.</summary>
    public ConnectRefusedException(string message, object data) : base(message) => ErrorData = data;

    /// <summary>What becomes <c>err.data</c>.</summary>
    public object? ErrorData { get; }
}
