namespace SocketIO.Protocol;

/// <summary>Event names that the client library keeps for itself; they are refused in both directions.</summary>
internal static class ReservedEvents
{
    internal static bool Contains(string name) =>
        name is "connect" or "connect_error" or "disconnect" or "disconnecting" or "newListener" or "removeListener";

    internal static void ThrowIfReserved(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Contains(name)) throw new ArgumentException($"\"{name}\" is a reserved event name", nameof(name));
    }
}
