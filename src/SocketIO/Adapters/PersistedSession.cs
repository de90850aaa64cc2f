namespace SocketIO.Adapters;

/// <summary>What is kept of a socket that lost its connection, so that it may be taken up again.</summary>
/// <param name="Sid">Id of the socket.</param>
/// <param name="Pid">Its private id: only the client knows it.</param>
/// <param name="Rooms">The rooms it was in.</param>
/// <param name="Data"><see cref="Server.Socket.Data"/>.</param>
public sealed record PersistedSession(string Sid, string Pid, IReadOnlyCollection<string> Rooms, object? Data);
