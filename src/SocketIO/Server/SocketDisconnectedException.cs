namespace SocketIO.Server;

/// <summary>The client went before it answered.</summary>
public sealed class SocketDisconnectedException(string message) : Exception(message);
